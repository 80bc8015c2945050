import { gzipSync } from 'node:zlib';

export interface TarMember {
  readonly name: string;
  /**
   * The type of the header: `0` a file (the default), `1` a hard link, `2` a symbolic link, `3` a device, `5`
   * a folder …
   */
  readonly type?: string;
  readonly link?: string;
  readonly content?: string;
  readonly mode?: number;
  /** Put into a header of pax before the member: `path`, `linkpath`, `SCHILY.xattr.user.x` …. */
  readonly pax?: Readonly<Record<string, string>>;
  /** Given by a header of GNU before the member, as names that are too long for a header are. */
  readonly gnuLongName?: string;
}

const BLOCK = 512;

/** An archive as other programs make them, or as nobody should. */
export function tarGz(...members: readonly TarMember[]): Buffer {
  return gzipSync(Buffer.concat([...members.flatMap(blocksOf), Buffer.alloc(2 * BLOCK)]));
}

function blocksOf({
  name,
  type = '0',
  link = '',
  content = '',
  mode = 0o644,
  pax,
  gnuLongName,
}: TarMember): Buffer[] {
  const before: Buffer[] = [];
  if (gnuLongName !== undefined)
    before.push(...blocksOf({ name: '././@LongLink', type: 'L', content: `${gnuLongName}\0` }));
  if (pax !== undefined)
    before.push(
      ...blocksOf({ name: 'PaxHeaders/x', type: 'x', content: Object.entries(pax).map(record).join('') }),
    );
  const data = Buffer.from(content);
  return [
    ...before,
    header(name, type, link, data.length, mode),
    data,
    Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK),
  ];
}

function header(name: string, type: string, link: string, size: number, mode: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`;
  block.write(name, 0, 100);
  block.write(octal(mode, 8) + octal(0, 8) + octal(0, 8) + octal(size, 12) + octal(1_000_000_000, 12), 100);
  block.write(`        ${type}`, 148);
  block.write(link, 157, 100);
  block.write('ustar\u000000', 257);
  block.write(octal(1, 8) + octal(3, 8), 329);
  block.write(
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      7,
    )} `,
    148,
  );
  return block;
}

/** `<length> <key>=<value>\n`, where the length counts itself. */
function record([key, value]: [string, string]): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  const length = bytes + String(bytes + String(bytes).length).length;
  return `${length}${rest}`;
}
