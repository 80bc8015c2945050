/** Bars lying on their side: one group for each label, one bar in it for each series. */
export interface Plot {
  readonly title: string;
  readonly unit: string;
  readonly labels: readonly string[];
  /** Values in the order of the labels; undefined where there is none. */
  readonly series: readonly Series[];
}

export interface Series {
  readonly name: string;
  readonly values: readonly (number | undefined)[];
  /** One of four colours, so that a name has the same one in every plot. */
  readonly colour: 0 | 1 | 2 | 3;
}

const WIDTH = 760;
const LABELS = 190;
const VALUES = 80;
const BAR = 15;
const GROUP_GAP = 12;
const TOP = 66;
const BOTTOM = 34;
/** More than the widest letter of the usual fonts takes at 12 pixels, on the average of a text. */
const LETTER = 7;

/** Readable on light and on dark ground. */
const STYLE = `text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-size:14px;font-weight:600}.grid{stroke:#d0d7de}
.s0{fill:#2166ac}.s1{fill:#b35806}.s2{fill:#7f7f7f}.s3{fill:#4d9221}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.grid{stroke:#444c56}.s0{fill:#67a9ff}.s1{fill:#f0a35e}.s2{fill:#a8a8a8}.s3{fill:#8fd16a}}`;

export function svgOf({ title, unit, labels, series }: Plot): string {
  const values = series.flatMap((each) => each.values).filter((value) => value !== undefined);
  const step = niceStep(Math.max(...values, Number.MIN_VALUE));
  const top = Math.max(step, Math.ceil(Math.max(...values, 0) / step) * step);
  const x = (value: number): number => LABELS + (value / top) * (WIDTH - LABELS - VALUES);
  const groupHeight = series.length * BAR + GROUP_GAP;
  const height = TOP + labels.length * groupHeight + BOTTOM;
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step);
  const grid = ticks.map(
    (tick) =>
      `<line class="grid" x1="${px(x(tick))}" x2="${px(x(tick))}" y1="${TOP - 6}" y2="${height - BOTTOM}"/>${text(x(tick), height - BOTTOM + 18, numberText(tick, step), 'middle')}`,
  );
  const groups = labels.flatMap((label, group) => {
    const y = TOP + group * groupHeight;
    const bars = series.map(({ values: each, colour }, index) =>
      bar(each[group], x, y + index * BAR, colour),
    );
    return [text(LABELS - 8, y + (series.length * BAR) / 2 + 4, label, 'end'), ...bars];
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
<title>${escaped(`${title} (${unit})`)}</title><style>${STYLE}</style>
<text class="title" x="8" y="20">${escaped(`${title} (${unit})`)}</text>
${[...legend(series), ...grid, ...groups].join('\n')}
</svg>
`;
}

function legend(series: readonly Series[]): readonly string[] {
  let x = 8;
  return series.map(({ name, colour }) => {
    const entry = `<rect class="s${colour}" x="${x}" y="33" width="11" height="11"/>${text(x + 16, 43, name, 'start')}`;
    x += 16 + name.length * LETTER + 18;
    return entry;
  });
}

function bar(value: number | undefined, x: (value: number) => number, y: number, colour: number): string {
  if (value === undefined) return text(LABELS + 6, y + 11, '–', 'start');
  return `<rect class="s${colour}" x="${LABELS}" y="${y}" width="${px(Math.max(1, x(value) - LABELS))}" height="${BAR - 2}"/>${text(x(value) + 6, y + 11, valueText(value), 'start')}`;
}

function text(x: number, y: number, content: string, anchor: string): string {
  return `<text x="${px(x)}" y="${px(y)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

/** Such that there are four to ten of them. */
function niceStep(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  return [0.1, 0.2, 0.5, 1].map((factor) => factor * power).find((step) => most / step <= 8) ?? power;
}

/** No more digits than tell one tick from the next. */
function numberText(value: number, step: number): string {
  return value.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
}

function valueText(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
