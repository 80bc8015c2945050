/** A name as it stands in SQL, quoted or not. */
export const IDENTIFIER = String.raw`(?:"(?:[^"]|"")*"(?!")|[\p{L}_][\p{L}\p{N}_$]*)`;

/** The longest name that PostgreSQL keeps, in bytes; it cuts longer ones without an error. */
const LONGEST_BYTES = 63;

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function unquoteIdentifier(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}

/**
 * The name that an identifier stands for. PostgreSQL reads a name without quotes in lower case: of ASCII
 * letters alone, in every encoding that we read.
 */
export function nameOf(identifier: string): string {
  return identifier.startsWith('"')
    ? unquoteIdentifier(identifier)
    : identifier.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
  return text.includes('\\') ? `E${quoted}` : quoted;
}

/** The text of a literal, which may have escapes if it begins with E. */
export function unquoteLiteral(literal: string): string {
  const escaped = literal.startsWith('E');
  const text = literal.slice(escaped ? 2 : 1, -1).replaceAll("''", "'");
  return escaped ? text.replaceAll(/\\(.)/gs, '$1') : text;
}

/** Whether the server keeps the name as it is. */
export function isWholeName(name: string): boolean {
  return name !== '' && Buffer.byteLength(name) <= LONGEST_BYTES;
}

/** A name with something added, its beginning cut where the whole would be too long. */
export function withSuffix(name: string, suffix: string): string {
  const room = new Uint8Array(LONGEST_BYTES - Buffer.byteLength(suffix));
  const { read } = new TextEncoder().encodeInto(name, room); // whole characters only
  return name.slice(0, read) + suffix;
}

/**
 * Returns a group that takes part in every match of its expression.
 * @throws TypeError if the expression has no such group
 */
export function group(match: RegExpExecArray, index: number): string {
  const text = match[index];
  if (text === undefined) throw new TypeError(`an expression matched without its group ${index}`);
  return text;
}

/** How many names a message shows. */
export const SHOWN = 5;

/** The first names of many, for a message. */
export function namesOf(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return `${names.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
