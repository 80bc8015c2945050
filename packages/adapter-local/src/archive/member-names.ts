const LINE_FEED = 0x0a;

const LETTERS: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/**
 * Counts the members in tar's listing with `--quoting-style=escape`, and tells their names when somebody
 * listens.
 */
export class MemberNames {
  count = 0;
  private readonly onMember: ((path: string) => void) | undefined;
  private rest: Buffer[] = [];

  constructor(onMember?: (path: string) => void) {
    this.onMember = onMember;
  }

  /** Takes a part of the listing. */
  add(chunk: Uint8Array): void {
    if (this.onMember === undefined) {
      for (const byte of chunk) if (byte === LINE_FEED) this.count += 1;
      return;
    }
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      this.count += 1;
      this.onMember(unescaped(Buffer.concat([...this.rest, chunk.subarray(start, end)]).toString('latin1')));
      this.rest = [];
      start = end + 1;
    }
    if (start < chunk.length) this.rest.push(Buffer.from(chunk.subarray(start)));
  }
}

/** The name that tar wrote with escapes, as it is: bytes that are UTF-8, most often. */
function unescaped(written: string): string {
  const bytes = written.replace(/\\([0-7]{3}|.)/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (LETTERS[code] ?? code),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
