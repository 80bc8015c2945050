import stringWidth from 'string-width';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

// File names are untrusted: a line feed breaks the table, and an escape sequence reaches the terminal.
// eslint-disable-next-line no-control-regex -- these control characters are the ones to replace
const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');

/** Aligns rows under their titles. Does not pad the last column. Missing cells are empty. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(({ title }) => title), ...rows];
  const cells = columns.map(({ align }, index) => {
    const textOf = (line: readonly string[]): string => printable(line[index] ?? '');
    const widest = lines.reduce((most, line) => Math.max(most, stringWidth(textOf(line))), 0);
    return (line: readonly string[]): string => {
      const text = textOf(line);
      const padding = ' '.repeat(widest - stringWidth(text));
      if (align === 'right') return padding + text;
      return index === columns.length - 1 ? text : text + padding;
    };
  });
  return lines.map((line) => `${cells.map((cell) => cell(line)).join('  ')}\n`).join('');
}
