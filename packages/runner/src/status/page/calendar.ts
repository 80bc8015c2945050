import { html, raw } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import { bytesText, durationText, localTimeText } from '../../present/units.ts';
import type { Past, PastState } from '../history.ts';

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

/** Half a year. */
export const WEEKS = 26;

const STEP = 18;
const CELL = 15;
/** Width of the names of the weekdays, on the right: a narrow screen cuts the oldest weeks off, on the left. */
const NAMES = 30;
const TOP = 20;

const WEEKDAYS: readonly (readonly [number, string])[] = [
  [0, 'Mon'],
  [2, 'Wed'],
  [4, 'Fri'],
  [6, 'Sun'],
];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Meaning of the colours. A sign marks problems for readers who cannot distinguish the colours. */
const STATE_TEXTS: Readonly<Record<PastState | 'proven', { readonly text: string; readonly sign: string }>> =
  {
    proven: { text: 'restore test passed', sign: '✓' },
    complete: { text: 'complete', sign: '' },
    legacy: { text: 'legacy', sign: '' },
    removed: { text: 'made, and removed by retention', sign: '' },
    suspicious: { text: 'suspicious', sign: '?' },
    untrusted: { text: 'untrusted', sign: '⚠' },
    partial: { text: 'partial', sign: '–' },
    bad: { text: 'bad', sign: '×' },
    failed: { text: 'run failed', sign: '!' },
  };

/** Returns the calendar of the last months: one column per week, one cell per day. */
export function calendar({
  history,
  now,
  zone,
}: {
  readonly history: readonly Past[];
  readonly now: Date;
  readonly zone: string;
}): Html {
  const weeks = weeksOf({ history, now, zone, weeks: WEEKS });
  const [width, height] = [WEEKS * STEP + NAMES, TOP + 7 * STEP];
  const days = weeks.flatMap((week, column) =>
    week.flatMap((day, row) => (day.isFuture ? [] : [cell(day, column * STEP, TOP + row * STEP)])),
  );
  return html`<svg class="calendar" viewBox="0 0 ${width} ${height}" preserveAspectRatio="xMaxYMin slice" role="img" aria-label="Sets of the last ${WEEKS} weeks, day by day">
    ${WEEKDAYS.map(([row, name]) => html`<text class="axis" x="${WEEKS * STEP + 3}" y="${TOP + row * STEP + 11}">${name}</text>`)}
    ${monthsOf(weeks.flatMap(([monday]) => monday?.date ?? [])).map(([column, name]) => html`<text class="axis" x="${column * STEP}" y="11">${name}</text>`)}
    ${days}
  </svg>`;
}

/** Returns the legend of the colours that the calendar uses. */
export function legend(history: readonly Past[]): Html {
  const shown = new Set(history.map(classOf));
  const entries = Object.entries(STATE_TEXTS).filter(([name]) => shown.has(name as PastState | 'proven'));
  return html`<p class="legend">${entries.map(([name, { text, sign }]) => html`<span><i class="${name}">${sign}</i> ${text}</span> `)}<span><i class="none"></i> nothing</span></p>`;
}

/** Returns one line about a run, for its tooltip. */
export function pastText(past: Past): string {
  const { at, bytes, milliseconds, problem } = past;
  const parts = [
    STATE_TEXTS[classOf(past)].text,
    bytes === undefined ? undefined : bytesText(bytes),
    milliseconds === undefined ? undefined : durationText(milliseconds),
    problem,
  ];
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC: ${parts.filter((part) => part !== undefined).join(', ')}`;
}

/** Returns the CSS class of the colour. */
export function classOf({ state, isRestoreTested }: Past): PastState | 'proven' {
  return isRestoreTested && state === 'complete' ? 'proven' : state;
}

function cell({ date, past, best }: Day, x: number, y: number): Html {
  const name = best === undefined ? 'none' : classOf(best);
  const sign = best === undefined ? '' : STATE_TEXTS[classOf(best)].sign;
  const title = past.length === 0 ? `${date}: nothing` : past.map(pastText).join('\n');
  return html`<g class="day ${name}"><title>${title}</title><rect x="${x}" y="${y}" width="${CELL}" height="${CELL}" rx="2"/>${sign === '' ? raw('') : html`<text x="${x + CELL / 2}" y="${y + 11.5}">${sign}</text>`}</g>`;
}

/**
 * Returns the columns with the name of a month: that of its first Monday. The outermost columns have none.
 */
function monthsOf(mondays: readonly string[]): readonly (readonly [number, string])[] {
  return mondays.flatMap((monday, column) => {
    const month = monday.slice(5, 7);
    const isFirst = column > 0 && mondays[column - 1]?.slice(5, 7) !== month;
    return isFirst && column < mondays.length - 1
      ? [[column, MONTHS[Number(month) - 1] ?? month] as const]
      : [];
  });
}

/** A day in the calendar of a zone. */
export interface Day {
  /** Date, such as `2026-11-22`. */
  readonly date: string;
  /** Runs of that day, the oldest first. */
  readonly past: readonly Past[];
  /** Best run of that day, which determines its colour. `undefined` if there is none. */
  readonly best: Past | undefined;
  readonly isFuture: boolean;
}

/** States, from best to worst. */
const ORDER: readonly PastState[] = [
  'complete',
  'legacy',
  'suspicious',
  'untrusted',
  'removed',
  'bad',
  'partial',
  'failed',
];

const DAY_MS = 86_400_000;

/** Returns the last weeks, each from Monday to Sunday, the current one last. */
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
