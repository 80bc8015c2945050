import stringWidth from 'string-width';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

// File names are untrusted: a line feed breaks the table, and an escape sequence reaches the terminal.
// eslint-disable-next-line no-control-regex -- these control characters are the ones to replace
const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');

const GAP = '  ';
const INDENT = '    ';

/** Width that the last column has at least, unless its cells are narrower: longer cells are wrapped. */
const LAST_WIDTH = 24;

/**
 * Aligns rows under their titles. Does not pad the last column. Missing cells are empty.
 * @param width maximum width: further columns follow on indented lines, and the last one is wrapped between
 * words; defaults to no limit
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width = Infinity,
): string {
  const lines = [columns.map(({ title }) => title), ...rows].map((line) =>
    columns.map((_, index) => printable(line[index] ?? '')),
  );
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => stringWidth(line[index] ?? ''))));
  const starts = startsOf(widths, width);
  return lines.map((line) => `${lineText(line, { columns, widths, starts, width })}\n`).join('');
}

/** Returns the position of each column. A column that does not fit starts a new line, after the indent. */
function startsOf(widths: readonly number[], width: number): readonly number[] {
  let next = 0;
  return widths.map((needed, index) => {
    const isLast = index === widths.length - 1;
    const least = isLast ? Math.min(needed, LAST_WIDTH) : needed;
    const start = index > 0 && next + least > width ? INDENT.length : next;
    next = start + needed + GAP.length;
    return start;
  });
}

interface Layout {
  readonly columns: readonly Column[];
  readonly widths: readonly number[];
  readonly starts: readonly number[];
  readonly width: number;
}

function lineText(line: readonly string[], { columns, widths, starts, width }: Layout): string {
  return line.reduce((before, text, index) => {
    const start = starts[index] ?? 0;
    const isNew = index > 0 && start <= (starts[index - 1] ?? 0);
    const gap = isNew ? `\n${INDENT}` : index === 0 ? '' : GAP;
    const left = isNew ? before.trimEnd() : before;
    if (index === columns.length - 1) return left + gap + wrapped(text, width - start, ' '.repeat(start));
    const padding = ' '.repeat((widths[index] ?? 0) - stringWidth(text));
    return left + gap + (columns[index]?.align === 'right' ? padding + text : text + padding);
  }, '');
}

/** Wraps a text between words. A longer word has a line of its own. */
function wrapped(text: string, width: number, indent: string): string {
  if (stringWidth(text) <= width) return text;
  let room = width;
  return text.split(' ').reduce((before, word) => {
    const fits = before === '' || stringWidth(word) < room;
    room = (fits ? room : width) - stringWidth(word) - (before !== '' && fits ? 1 : 0);
    return before === '' ? word : before + (fits ? ' ' : `\n${indent}`) + word;
  }, '');
}
