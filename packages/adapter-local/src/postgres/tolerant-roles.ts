/*
 * The parts of SQL text that a statement's end, or its beginning, must not be looked for in: literals, quoted names, comments.
 * pg_dumpall writes no dollar quotes.
 */
export const OPAQUE = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*/y;

/**
 * The SQL of `pg_dumpall --roles-only` with each CREATE ROLE turned into one that does not mind when the role is there.
 * Names and comments of roles may hold anything: line feeds, semicolons, what looks like a statement.
 */
export function tolerantRoles(sql: string): string {
  let result = '';
  for (const statement of statementsOf(sql)) {
    const [, before, create] = /^((?:\s|--[^\n]*\n|\\[^\n]*\n)*)(CREATE ROLE .*;)$/s.exec(statement) ?? [];
    result += create === undefined ? statement : `${before ?? ''}DO ${dollarQuoted(`BEGIN ${create} EXCEPTION WHEN duplicate_object THEN NULL; END`)};`;
  }
  return result;
}

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
