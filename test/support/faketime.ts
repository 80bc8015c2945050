import { globSync } from 'node:fs';

const FAKETIME_LIBRARY = globSync('/usr/lib/*/faketime/libfaketime.so.1')[0];

/** Why there are no tests that set the clock; undefined when there are. */
export const noFaketime = FAKETIME_LIBRARY === undefined ? 'faketime is not installed' : undefined;

/**
 * The environment of a program that takes it to be this moment (in UTC) when it starts. Not by the command
 * `faketime`: that has a semaphore by its process id, which a killed one leaves to whoever gets the same id.
 * Libraries that do not know the last variable yet make one for each process: see clearFaketimeLeftovers.
 */
export function startingAt(moment: string): Readonly<Record<string, string>> {
  return { TZ: 'UTC', LD_PRELOAD: FAKETIME_LIBRARY!, FAKETIME: `@${moment}`, FAKETIME_DISABLE_SHM: '1' };
}

/** A moment as the library reads it, in UTC. */
export function faketimeText(moment: Date): string {
  return moment.toISOString().slice(0, 19).replace('T', ' ');
}
