import { isUtf8 } from 'node:buffer';

/*
 * A database in SQL_ASCII stores bytes of any encoding. In a string, each byte that is not UTF-8 is a lone
 * surrogate, U+DC80 to U+DCFF. So no byte is lost (as in Python's PEP 383).
 */
const FIRST = 0xdc00;
const FOREIGN = /([\u{dc80}-\u{dcff}]+)/u;

/** Returns the text of bytes, with a lone surrogate for each byte that is not UTF-8. */
export function decodeBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString();
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find((bytesOfOne) => isUtf8(bytes.subarray(at, at + bytesOfOne)));
    text +=
      length === undefined
        ? String.fromCharCode(FIRST + bytes.readUInt8(at))
        : bytes.toString('utf8', at, at + length);
    at += length ?? 1;
  }
  return text;
}

/** Returns the bytes that `decodeBytes` read. */
export function encodeBytes(text: string): Buffer {
  const parts = text.split(FOREIGN);
  return Buffer.concat(
    parts.map((part, index) =>
      index % 2 === 0 ? Buffer.from(part) : Buffer.from(part, 'utf16le').filter((_, at) => at % 2 === 0),
    ),
  );
}

/** Returns whether the text has bytes that are not UTF-8. */
export function hasForeignBytes(text: string): boolean {
  return FOREIGN.test(text);
}

/** Returns the text for messages and JSON, for example `caf\xE9`. */
export function escapeForeignBytes(text: string): string {
  return text
    .split(FOREIGN)
    .map((part, index) =>
      index % 2 === 0
        ? part
        : part.replaceAll(/./gs, (one) => `\\x${(one.charCodeAt(0) - FIRST).toString(16).toUpperCase()}`),
    )
    .join('');
}

const QUOTED = /"(?:[^"]|"")*"|E?'(?:[^']|'')*'/g;

/** Matches characters that end a line, control a terminal, or reorder the text around them. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** Returns the SQL on one line: control characters in names and literals become escapes for the server. */
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
