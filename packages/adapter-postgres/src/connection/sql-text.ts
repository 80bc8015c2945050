/** A part of SQL text: a statement with its semicolon, a comment, or a command for psql. */
export interface SqlItem {
  readonly kind: 'statement' | 'comment' | 'command';
  readonly text: string;
  /** Offset in the whole text. */
  readonly start: number;
}

/** Matches text that neither ends a statement nor starts an item that may hold a semicolon. */
const PLAIN = /[^'"$Ee;/-]+/y;

/** Matches literals and quoted names. */
const QUOTED = /'(?:[^']|'')*'|"(?:[^"]|"")*"/y;

/** Matches literals with escapes, also on several lines, and dollar quotes, at the start of a word. */
const WORD_QUOTED =
  /[Ee]'(?:[^'\\]|''|\\.|'[^\S\n]*\n\s*')*'|\$((?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?)\$[^]*?\$\1\$/sy;

/** Matches a psql command before a statement, to the end of the line. */
const COMMAND = /\\[^\n]*/y;

const LINE_COMMENT = /--[^\r\n]*/y;

/** Matches the start and the end of comments, which can be nested. */
const BLOCK_MARK = /\/\*|\*\//g;

/** Splits SQL text into its items. An unterminated statement is the last one, without a semicolon. */
export function* itemsOf(sql: string): Generator<SqlItem> {
  let at = 0;
  while (at < sql.length) {
    if (/\s/.test(sql.charAt(at))) {
      at += 1;
      continue;
    }
    const comment = endOfComment(sql, at);
    const command = comment === undefined ? matchEnd(COMMAND, sql, at) : undefined;
    const end = comment ?? command ?? endOfStatement(sql, at);
    yield {
      kind: comment !== undefined ? 'comment' : command !== undefined ? 'command' : 'statement',
      text: sql.slice(at, end),
      start: at,
    };
    at = end;
  }
}

function endOfStatement(sql: string, start: number): number {
  let at = start;
  while (at < sql.length) {
    const inWord = at > start && /[\w$\u0080-\uffff]/.test(sql.charAt(at - 1));
    const end =
      matchEnd(PLAIN, sql, at) ??
      endOfComment(sql, at) ??
      (inWord ? undefined : matchEnd(WORD_QUOTED, sql, at)) ??
      matchEnd(QUOTED, sql, at);
    if (end !== undefined) at = end;
    else if (sql[at] === ';') return at + 1;
    else at += 1;
  }
  return at;
}

/** @returns `undefined` if no comment starts there; the end of the text if the comment is unterminated */
function endOfComment(sql: string, at: number): number | undefined {
  if (!sql.startsWith('/*', at)) return matchEnd(LINE_COMMENT, sql, at);
  BLOCK_MARK.lastIndex = at;
  for (let depth = 0, mark = BLOCK_MARK.exec(sql); mark !== null; mark = BLOCK_MARK.exec(sql)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return BLOCK_MARK.lastIndex;
  }
  return sql.length;
}

function matchEnd(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

/** Quotes a text with dollar quotes, with a tag that the text does not contain. */
export function dollarQuoted(text: string): string {
  let tag = 'geolens';
  while (text.includes(`$${tag}`)) tag += '_';
  return `$${tag}$ ${text} $${tag}$`;
}
