import { html } from 'hono/html';
import type { Past } from '../history.ts';
import { classOf, pastText, WEEKS, type Html } from './calendar.ts';

const WIDTH = 620;
const HEIGHT = 150;
/** Width of the scale, on the right: a narrow screen cuts the oldest runs off, on the left. */
const SCALE = 62;
const BOTTOM = 20;
const TOP = 8;
const BAR = 2.4;
const WEEK_MS = 7 * 86_400_000;

const MONTH = new Intl.DateTimeFormat('en', { month: 'short', timeZone: 'UTC' });

interface PlotOf {
  readonly title: string;
  readonly history: readonly Past[];
  readonly now: Date;
  readonly value: (past: Past) => number | undefined;
  readonly text: (value: number) => string;
  /** Returns a round value for the top of the scale, not below `highest`. */
  readonly top: (highest: number) => number;
}

/** Returns a chart with a bar for each run of the last months. */
export function plot({ title, history, now, value, text, top: topOf }: PlotOf): Html {
  const [start, end] = [now.getTime() - WEEKS * WEEK_MS, now.getTime()];
  const shown = history.flatMap((past) => {
    const height = value(past);
    return height === undefined || past.at.getTime() < start || past.at.getTime() > end
      ? []
      : [{ past, height }];
  });
  if (shown.length === 0) return html`<h3>${title}</h3><p class="quiet">Nothing to plot yet.</p>`;
  const top = topOf(Math.max(1, ...shown.map(({ height }) => height)));
  const [innerWidth, innerHeight] = [WIDTH - SCALE, HEIGHT - BOTTOM - TOP];
  const x = (at: number): number => ((at - start) / (end - start)) * (innerWidth - BAR);
  const y = (height: number): number => TOP + innerHeight * (1 - height / top);
  return html`<h3>${title}</h3><svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="xMaxYMin slice" role="img" aria-label="${title} of the runs of the last ${WEEKS} weeks, at most ${text(top)}">
    ${[0, 0.5, 1].map((part) => html`<line class="grid" x1="0" x2="${innerWidth}" y1="${y(top * part)}" y2="${y(top * part)}"/><text class="axis" x="${innerWidth + 6}" y="${y(top * part) + 4}">${part === 0 ? '0' : text(top * part)}</text>`)}
    ${monthStarts(start, end).map((at) => html`<text class="axis" x="${x(at.getTime()).toFixed(1)}" y="${HEIGHT - 4}">${MONTH.format(at)}</text>`)}
    ${shown.map(({ past, height }) => html`<g class="bar ${classOf(past)}"><title>${pastText(past)}</title><rect x="${x(past.at.getTime()).toFixed(1)}" y="${(y(height) - 1).toFixed(1)}" width="${BAR}" height="${(HEIGHT - BOTTOM - y(height) + 1).toFixed(1)}"/></g>`)}
  </svg>`;
}

function monthStarts(start: number, end: number): readonly Date[] {
  const first = new Date(start);
  return Array.from(
    { length: 12 },
    (_, month) => new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1 + month, 1)),
  ).filter((at) => at.getTime() < end);
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DURATIONS = [
  ...[1, 2, 5, 10, 20, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 20, 30].map((count) => count * MINUTE),
];

/** Returns the lowest value that is not below the given one: 1, 2 or 5 times a power of ten. */
export function roundNumber(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5].map((step) => step * power).find((round) => round >= value) ?? 10 * power;
}

/** Returns the lowest duration in whole seconds, minutes or hours that is not below the given one. */
export function roundDuration(milliseconds: number): number {
  return DURATIONS.find((round) => round >= milliseconds) ?? Math.ceil(milliseconds / (2 * HOUR)) * 2 * HOUR;
}
