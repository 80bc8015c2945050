import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { TestDatabase } from '../../../support/clusters.ts';
import { bytes, damaged } from '../fuzz.ts';
import type { Random } from '../../../support/random.ts';

/** What somebody may take for a dump, and what is known of it. */
export interface Dump {
  readonly what: string;
  /** It is nothing that pg_dump -Fc has ever written, not even damaged. */
  readonly foreign?: true;
  readonly bytes: Buffer;
}

/** What a database gives in every form of pg_dump, asked for once. */
export class Dumps {
  readonly custom: Buffer;
  readonly #others: readonly Dump[];

  private constructor(custom: Buffer, others: readonly Dump[]) {
    this.custom = custom;
    this.#others = others;
  }

  static async of(database: TestDatabase): Promise<Dumps> {
    const [custom, plain, tar, uncompressed] = await Promise.all(
      [['-Fc'], ['-Fp'], ['-Ft'], ['-Fc', '-Z0']].map((args) => dumped(database, args)),
    );
    const png = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1'), Buffer.alloc(600, 7)]);
    return new Dumps(custom!, [
      { what: 'plain SQL', foreign: true, bytes: plain! },
      {
        what: 'SQL of psql',
        foreign: true,
        bytes: Buffer.from(
          "\\! touch /tmp/geolens-fuzz-was-here\n\\copy x from program 'false'\nDROP SCHEMA data CASCADE;\n",
        ),
      },
      { what: 'tar', bytes: tar! },
      { what: 'gzip of a dump', foreign: true, bytes: gzipSync(custom!) },
      { what: 'gzip of SQL', foreign: true, bytes: gzipSync(plain!) },
      { what: 'a picture', foreign: true, bytes: png },
      { what: 'nothing', foreign: true, bytes: Buffer.alloc(0) },
      { what: 'five letters', foreign: true, bytes: Buffer.from('PGDMP') },
      { what: 'a damaged dump without compression', bytes: uncompressed! },
    ]);
  }

  one(random: Random): Dump {
    if (random.chance(0.4)) return { what: 'a damaged dump', bytes: damaged(random, this.custom) };
    if (random.chance(0.1)) return { what: 'a whole dump', bytes: this.custom };
    if (random.chance(0.1))
      return {
        what: 'five letters and noise',
        foreign: true,
        bytes: Buffer.concat([Buffer.from('PGDMP'), bytes(random, random.whole(1, 300))]),
      };
    const { bytes: content, ...other } = random.pick(this.#others);
    const { what } = other;
    return {
      ...other,
      bytes:
        what.includes('damaged') || (what === 'tar' && random.chance(0.5))
          ? damaged(random, content)
          : content,
    };
  }
}

async function dumped({ binDir, database, client }: TestDatabase, args: readonly string[]): Promise<Buffer> {
  const { stdout } = await promisify(execFile)(`${binDir}/pg_dump`, [...args, '-d', database], {
    env: client.environment,
    encoding: 'buffer',
    maxBuffer: 1e9,
  });
  return stdout;
}
