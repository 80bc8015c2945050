import stringWidth from 'string-width';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

// File names are untrusted: a line feed breaks the table, and an escape sequence reaches the terminal.
// eslint-disable-next-line no-control-regex -- these control characters are the ones to replace
const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');

/** Lines up rows under their titles; the last column is not padded. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(({ title }) => title), ...rows].map((line) => line.map(printable));
  const widths = columns.map((_, index) =>
    lines.reduce((widest, line) => Math.max(widest, stringWidth(line[index]!)), 0),
  );
  const cell = (text: string, index: number): string => {
    const padding = ' '.repeat(widths[index]! - stringWidth(text));
    if (columns[index]!.align === 'right') return padding + text;
    return index === columns.length - 1 ? text : text + padding;
  };
  return lines.map((line) => `${line.map(cell).join('  ')}\n`).join('');
}
