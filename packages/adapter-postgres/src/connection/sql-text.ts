/*
 * The parts of SQL text that a statement's end, or its beginning, must not be looked for in: literals, quoted
 * names, comments. pg_dumpall writes no dollar quotes.
 */
const OPAQUE = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*/y;

/** Dollar quotes with a tag that the text does not have. */
export function dollarQuoted(text: string): string {
  let tag = 'geolens';
  while (text.includes(`$${tag}`)) tag += '_';
  return `$${tag}$ ${text} $${tag}$`;
}

/** The text cut behind each statement's semicolon. */
export function* statementsOf(sql: string): Generator<string> {
  let start = 0;
  let at = 0;
  while (at < sql.length) {
    OPAQUE.lastIndex = at;
    const opaque = OPAQUE.exec(sql);
    at += opaque === null ? 1 : opaque[0].length;
    if (opaque !== null || sql[at - 1] !== ';') continue;
    yield sql.slice(start, at);
    start = at;
  }
  yield sql.slice(start);
}
