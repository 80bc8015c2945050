import { LINE_FEED, listedLines } from './listed-lines.ts';

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
  private readonly names: ((chunk: Uint8Array) => void) | undefined;

  constructor(onMember?: (path: string) => void) {
    this.names =
      onMember &&
      listedLines((line) => {
        this.count += 1;
        onMember(unescaped(line));
      });
  }

  /** Takes a part of the listing. */
  add(chunk: Uint8Array): void {
    if (this.names !== undefined) this.names(chunk);
    else for (const byte of chunk) if (byte === LINE_FEED) this.count += 1;
  }
}

/** The name that tar wrote with escapes, as it is: bytes that are UTF-8, most often. */
function unescaped(written: string): string {
  return Buffer.from(unescapedBytes(written), 'latin1').toString('utf8');
}

/** Returns a name that tar wrote with escapes, one character for each byte. */
export function unescapedBytes(written: string): string {
  return written.replace(/\\([0-7]{3}|.)/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (LETTERS[code] ?? code),
  );
}
