import { CopyLines } from './copy-lines.ts';

const NEWLINE = 0x0a;
const DASH = 0x2d;
const BACKSLASH = 0x5c;
const SEMICOLON = 0x3b;
const SINGLE_QUOTE = 0x27;
const DOUBLE_QUOTE = 0x22;

/** Comment that `pg_restore --verbose` writes before an entry. Row entries have a table OID and no class. */
const ENTRY = /^-- TOC entry \d+ \(class 0 OID (\d+)\)$/;

/** Maximum length of an entry comment. */
const LONGEST_ENTRY = 100;

/** End of the statement before rows. */
const COPY_END = ' FROM stdin;';

type State = 'between' | 'comment' | 'statement' | 'quoted' | 'after-copy' | 'rows';

/**
 * Counts the rows of each table in the output of `pg_restore --verbose --data-only`: the lines after each
 * COPY statement. Names, literals and rows may hold any text, including text that looks like a statement.
 */
export class DumpRowCounter {
  private readonly found = new Map<string, number>();
  private state: State = 'between';
  private comment = '';
  private quote = 0;
  /** First and last characters of the statement. */
  private head = '';
  private tail = '';
  private table = '';
  private lines = new CopyLines();

  /** Adds the next part of the text. */
  add(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.state === 'rows') at = this.rows(chunk, at);
      else if (this.state === 'comment') at = this.untilLineEnd(chunk, at);
      else if (this.state === 'quoted') at = this.untilQuote(chunk, at);
      else at = this.character(chunk, at);
    }
  }

  /** Rows by table OID, for every table with rows in the dump. */
  get counts(): ReadonlyMap<string, number> {
    return this.found;
  }

  private character(chunk: Buffer, at: number): number {
    const byte = chunk.readUInt8(at);
    if (this.state === 'after-copy') {
      // The rest of the line: only its end.
      if (byte === NEWLINE) this.state = 'rows';
      return at + 1;
    }
    if (this.state === 'between') {
      if (byte <= 0x20) return at + 1;
      this.head = '';
      this.tail = '';
      this.comment = '';
      // Outside statements, a dash starts a comment and a backslash a psql command, up to the line end.
      this.state = byte === DASH || byte === BACKSLASH ? 'comment' : 'statement';
      return at;
    }
    if (this.head.length < 5) this.head += String.fromCharCode(byte);
    this.tail = (this.tail + String.fromCharCode(byte)).slice(-COPY_END.length);
    if (byte === SINGLE_QUOTE || byte === DOUBLE_QUOTE) {
      this.state = 'quoted';
      this.quote = byte;
    } else if (byte === SEMICOLON) this.endStatement();
    return at + 1;
  }

  private endStatement(): void {
    const copies = this.head === 'COPY ' && this.tail === COPY_END;
    this.state = copies ? 'after-copy' : 'between';
    if (copies) this.lines = new CopyLines();
  }

  /** Skips to the closing quote. A doubled quote counts as two adjacent quoted texts. */
  private untilQuote(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(this.quote, at);
    if (end < 0) return chunk.length;
    this.tail = '';
    this.state = 'statement';
    return end + 1;
  }

  private untilLineEnd(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(NEWLINE, at);
    const until = end < 0 ? chunk.length : end;
    if (this.comment.length <= LONGEST_ENTRY)
      this.comment += chunk.toString('latin1', at, Math.min(until, at + LONGEST_ENTRY + 1));
    if (end < 0) return until;
    this.table = ENTRY.exec(this.comment)?.[1] ?? this.table;
    this.state = 'between';
    return end + 1;
  }

  private rows(chunk: Buffer, at: number): number {
    const end = this.lines.read(chunk, at);
    if (end === undefined) return chunk.length;
    this.found.set(this.table, (this.found.get(this.table) ?? 0) + this.lines.rows);
    this.state = 'between';
    return end;
  }
}
