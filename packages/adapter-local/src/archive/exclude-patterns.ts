import { isUtf8 } from 'node:buffer';

/** Returns the argument by which tar leaves out the path. Arguments are text, so other bytes are any character. */
export function excludeArgument(path: string): string {
  const pattern = Buffer.from(excludePattern(path), 'latin1');
  return `--exclude=${isUtf8(pattern) ? pattern.toString() : pattern.toString('latin1').replace(/[\x80-\xff]/g, '?')}`;
}

/**
 * Returns the patterns by which tar leaves out exactly these paths, for `--anchored --exclude-from`. One
 * character for each byte. A pattern cannot hold a line feed or end with a blank, so these are any character.
 */
export function excludePattern(path: string): string {
  return path
    .replace(/[*?[\]\\]/g, String.raw`\$&`)
    .replace(/\n|\s+$/g, (blanks) => '?'.repeat(blanks.length));
}
