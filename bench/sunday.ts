import { faketimeText, noFaketime, startingAt } from '../test/support/faketime.ts';

const DAY_MS = 24 * 3_600_000;

/** The last Sunday that has begun (in UTC), at the hour of the default schedule. */
export function lastSunday(now: Date): Date {
  const midnight = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
  return new Date(midnight - now.getUTCDay() * DAY_MS + 2 * 3_600_000);
}

/**
 * The environment in which it is a Sunday, which is when a run also makes the weekly copies: nothing on one,
 * else that of faketime, which changes what the command takes for the date and leaves alone the clock that
 * measures, and what files say of themselves.
 * @param moment another moment than the last Sunday, as `2026-11-22T02:00:00Z`
 */
export function onASunday(moment: string | undefined, now = new Date()): Readonly<Record<string, string>> {
  if (moment === undefined && now.getUTCDay() === 0) return {};
  if (noFaketime !== undefined)
    throw new Error(
      'faketime is not installed (apt-get install faketime): without it, the run of a Sunday can be measured on a Sunday only',
    );
  const date = moment === undefined ? lastSunday(now) : new Date(moment);
  if (Number.isNaN(date.getTime()))
    throw new Error(`--at ${moment ?? ''} is no moment; one is 2026-11-22T02:00:00Z`);
  return { ...startingAt(faketimeText(date)), FAKETIME_DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1' };
}
