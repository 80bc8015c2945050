import { localTimeText } from '../present/units.ts';
import type { Past, PastState } from './history.ts';

/** A day of the calendar of a zone. */
export interface Day {
  /** `2026-11-22`. */
  readonly date: string;
  /** What was made on that day, the oldest first. */
  readonly past: readonly Past[];
  /** The best of it: what the day comes down to for whoever wants to go back to it. */
  readonly best: Past | undefined;
  readonly isFuture: boolean;
}

/** From the best to the worst. */
const ORDER: readonly PastState[] = [
  'complete',
  'legacy',
  'suspicious',
  'removed',
  'bad',
  'partial',
  'failed',
];

const DAY_MS = 86_400_000;

/** The last weeks, each from Monday to Sunday, the present one last. */
export function weeksOf({
  history,
  now,
  zone,
  weeks,
}: {
  readonly history: readonly Past[];
  readonly now: Date;
  readonly zone: string;
  readonly weeks: number;
}): readonly (readonly Day[])[] {
  const byDate = Map.groupBy(history, ({ at }) => dateIn(at, zone));
  const today = dateIn(now, zone);
  const weekday = (new Date(today).getUTCDay() + 6) % 7;
  const first = Date.parse(today) - (weekday + 7 * (weeks - 1)) * DAY_MS;
  return Array.from({ length: weeks }, (_, week) =>
    Array.from({ length: 7 }, (__, day): Day => {
      const date = new Date(first + (week * 7 + day) * DAY_MS).toISOString().slice(0, 10);
      const past = byDate.get(date) ?? [];
      return { date, past, best: bestOf(past), isFuture: date > today };
    }),
  );
}

function bestOf(past: readonly Past[]): Past | undefined {
  const rank = ({ state, isRestoreTested }: Past): number =>
    ORDER.indexOf(state) - (isRestoreTested ? 0.5 : 0);
  return past.toSorted((one, other) => rank(one) - rank(other))[0];
}

function dateIn(moment: Date, zone: string): string {
  return localTimeText(moment, zone).slice(0, 10);
}
