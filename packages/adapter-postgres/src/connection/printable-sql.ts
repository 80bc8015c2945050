import { escapeForeignBytes } from './byte-text.ts';

const QUOTED = /"(?:[^"]|"")*"|E?'(?:[^']|'')*'/g;

/** Characters that end a line, change a terminal, or change the order of the text around them. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** Returns the SQL on one line: control characters in names and literals become escapes that the server reads. */
export function printableSql(sql: string): string {
  return escapeForeignBytes(sql.replaceAll(QUOTED, escaped));
}

function escaped(quoted: string): string {
  if (quoted.search(CONTROL) === -1) return quoted;
  const hex = (one: string): string => one.charCodeAt(0).toString(16).padStart(4, '0');
  if (quoted.startsWith('"'))
    return `U&${quoted.replaceAll('\\', '\\\\').replaceAll(CONTROL, (one) => `\\${hex(one)}`)}`;
  return `${quoted.startsWith('E') ? '' : 'E'}${quoted.replaceAll(CONTROL, (one) => String.raw`\u${hex(one)}`)}`;
}
