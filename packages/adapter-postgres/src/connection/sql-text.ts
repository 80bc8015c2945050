/** A part of SQL text: a statement with its semicolon, a comment, or a command for psql. */
export interface SqlItem {
  readonly kind: 'statement' | 'comment' | 'command';
  readonly text: string;
  /** Where it begins in the whole text. */
  readonly start: number;
}

/** Text that neither ends a statement nor begins what may hold a semicolon. */
const PLAIN = /[^'"$E;]+/y;

/** Literals and quoted names. */
const QUOTED = /'(?:[^']|'')*'|"(?:[^"]|"")*"/y;

/** Literals with escapes, and dollar quotes: they begin at the start of a word only. */
const WORD_QUOTED = /E'(?:[^'\\]|''|\\.)*'|\$([A-Za-z_]*)\$[^]*?\$\1\$/sy;

/** To the end of the line, before a statement begins. */
const LINE = /(--|\\)[^\n]*/y;

/** Splits SQL text into its items. A statement that never ends is the last one, without a semicolon. */
export function* itemsOf(sql: string): Generator<SqlItem> {
  let at = 0;
  while (at < sql.length) {
    if (/\s/.test(sql.charAt(at))) {
      at += 1;
      continue;
    }
    LINE.lastIndex = at;
    const line = LINE.exec(sql);
    const end = line === null ? endOfStatement(sql, at) : LINE.lastIndex;
    yield {
      kind: line === null ? 'statement' : line[1] === '--' ? 'comment' : 'command',
      text: sql.slice(at, end),
      start: at,
    };
    at = end;
  }
}

function endOfStatement(sql: string, start: number): number {
  let at = start;
  while (at < sql.length) {
    const inWord = at > start && /[\p{L}\p{N}_$]/u.test(sql.charAt(at - 1));
    const end =
      matchEnd(PLAIN, sql, at) ??
      (inWord ? undefined : matchEnd(WORD_QUOTED, sql, at)) ??
      matchEnd(QUOTED, sql, at);
    if (end !== undefined) at = end;
    else if (sql[at] === ';') return at + 1;
    else at += 1;
  }
  return at;
}

function matchEnd(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

/** Dollar quotes with a tag that the text does not have. */
export function dollarQuoted(text: string): string {
  let tag = 'geolens';
  while (text.includes(`$${tag}`)) tag += '_';
  return `$${tag}$ ${text} $${tag}$`;
}
