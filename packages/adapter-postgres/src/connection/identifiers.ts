/** Matches a name in SQL, quoted or not. */
export const IDENTIFIER = String.raw`(?:"(?:[^"]|"")*"(?!")|[\p{L}_][\p{L}\p{N}_$]*)`;

/** Maximum length of a name in PostgreSQL, in bytes; the server cuts longer ones without an error. */
const LONGEST_BYTES = 63;

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function unquoteIdentifier(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}

/**
 * Returns the name that an identifier denotes. PostgreSQL folds unquoted ASCII letters to lower case, in
 * every encoding that this package reads.
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

/** Returns the text of a literal, which may have escapes if it begins with E. */
export function unquoteLiteral(literal: string): string {
  const escaped = literal.startsWith('E');
  const text = literal.slice(escaped ? 2 : 1, -1).replaceAll("''", "'");
  return escaped ? text.replaceAll(/\\(.)/gs, '$1') : text;
}

/** Returns whether the server keeps the name unchanged. */
export function isWholeName(name: string): boolean {
  return name !== '' && Buffer.byteLength(name) <= LONGEST_BYTES;
}

/** Returns the name with a suffix, and cuts the name if the result would be too long. */
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

/** Maximum number of names in a message. */
export const SHOWN = 5;

/** Returns the first names of a list, for a message. */
export function namesOf(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return `${names.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
