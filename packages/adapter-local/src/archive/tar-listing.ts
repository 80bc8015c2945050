/** Arguments of tar for a listing with links as archived and with unambiguous names. */
export const LISTING_ARGUMENTS = [
  '--list',
  '--verbose',
  '--numeric-owner',
  '--quoting-style=c',
  '--absolute-names',
];

/**
 * Matches type and mode, owner, size and time, the name and, for a hard link, the target. Names escape `"`
 * and `\` with `\`.
 */
export const LISTING_LINE = /^(.)(.{9})[^"]*"((?:[^"\\]|\\.)*)"(?: link to "((?:[^"\\]|\\.)*)")?/;

/** Maximum length of a line: two names of 4096 bytes, each byte as four characters. */
export const LONGEST_LINE = 40_000;

const LINE_FEED = 0x0a;

/**
 * Returns a function that takes chunks of a listing and passes on each whole line without its line feed. Each
 * character stands for one byte (latin1).
 */
export function listedLines(onLine: (line: string) => void): (chunk: Uint8Array) => void {
  let rest: Buffer[] = [];
  return (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      onLine(Buffer.concat([...rest, chunk.subarray(start, end)]).toString('latin1'));
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) rest.push(Buffer.from(chunk.subarray(start)));
  };
}

const LETTERS: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** Returns a name without tar's escapes, one character for each byte. */
export function unescapedBytes(written: string): string {
  return written.replace(/\\([0-7]{3}|.)/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (LETTERS[code] ?? code),
  );
}
