const NEWLINE = 0x0a;

/** Line that ends the rows of a table. No row looks like it: COPY doubles each backslash of a value. */
const END = Buffer.from('\\.\n');
const END_AFTER_ROW = Buffer.from('\n\\.\n');

/** Counts the rows in COPY text: one line each, up to the line `\.`. Accepts chunks of any length. */
export class CopyLines {
  /** Number of rows so far. */
  rows = 0;
  /** Number of bytes of END read since the last line started; 0 within a row. */
  private matched = 0;
  private inRow = false;

  /**
   * Reads the chunk from an offset.
   * @returns the offset after the end of the rows; `undefined` if the chunk does not reach it
   */
  read(chunk: Buffer, from: number): number | undefined {
    let at = from;
    while (!this.inRow && at < chunk.length) {
      if (chunk[at] === END[this.matched]) {
        at += 1;
        this.matched += 1;
        if (this.matched === END.length) return at;
      } else this.inRow = true;
    }
    if (at === chunk.length) return undefined;
    const end = chunk.indexOf(END_AFTER_ROW, at);
    this.rows += countNewlines(chunk, at, end < 0 ? chunk.length : end + 1);
    if (end >= 0) return end + END_AFTER_ROW.length;
    this.matched = 0;
    const lineStart = chunk.lastIndexOf(NEWLINE) + 1;
    const rest = chunk.subarray(lineStart);
    if (lineStart > at && rest.equals(END.subarray(0, rest.length))) {
      this.inRow = false;
      this.matched = rest.length;
    }
    return undefined;
  }
}

/** Counts line feeds. Searching for each one is faster than checking each byte. */
function countNewlines(chunk: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = chunk.indexOf(NEWLINE, from); at >= 0 && at < to; at = chunk.indexOf(NEWLINE, at + 1))
    count += 1;
  return count;
}
