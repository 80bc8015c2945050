import { isUtf8 } from 'node:buffer';

/**
 * Returns the argument of tar for `--anchored` that excludes exactly this path. One character of the path for
 * each byte. Arguments are text, so bytes that are not UTF-8 match any character.
 */
export function excludeArgument(path: string): string {
  const pattern = Buffer.from(escaped(path), 'latin1');
  return `--exclude=${isUtf8(pattern) ? pattern.toString() : pattern.toString('latin1').replace(/[\x80-\xff]/g, '?')}`;
}

/**
 * Returns a line for `--anchored --exclude-from` (LC_ALL=C) that excludes exactly this path. One character
 * for each byte. A line cannot hold a line feed, so a bracket expression excepts all other bytes; one also
 * protects blanks at the end, which tar removes.
 */
export function excludeLine(path: string): string {
  const pattern = escaped(path)
    .replace(/[ \t\v\f\r]+$/, (blanks) => blanks.replace(/./g, '[$&]'))
    .replaceAll('\n', '[!\x01-\t\v-\xff]');
  return `${pattern}\n`;
}

function escaped(path: string): string {
  return path.replace(/[*?[\]\\]/g, String.raw`\$&`);
}
