import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { ArtifactSource } from '@geolens/backup-core';
import { chunksOf, readAll, sourceOf } from '@geolens/backup-core/testing';
import { TarArchiver } from '../../src/archive/tar-archiver.ts';
import { asFile } from '../support/as-file.ts';
import { failure } from '../../../system/test/support/failure.ts';
import { freshFolder } from '../../../system/test/support/folders.ts';
import { env, isInstalled, onlyPrograms } from '../../../system/test/support/search-path.ts';

const signal = new AbortController().signal;
const available = new Set<string>();
for (const name of ['igzip', 'pigz']) if (await isInstalled(name)) available.add(name);

const VARIANTS: readonly (readonly [string, readonly string[]])[] = [
  ['igzip', ['setpriv', 'tar', 'igzip']],
  ['pigz', ['setpriv', 'tar', 'pigz']],
  ['node:zlib', ['setpriv', 'tar']],
];

const WAYS = [
  ['from a pipe', (bytes: Uint8Array): Promise<ArtifactSource> => Promise.resolve(sourceOf(bytes))],
  ['as a file', asFile],
] as const;

async function anArchive(
  archiver: (folder: string) => Promise<TarArchiver>,
): Promise<{ bytes: Buffer; archiver: TarArchiver }> {
  const folder = await freshFolder();
  await writeFile(join(folder, 'raster.tif'), randomBytes(600_000));
  await writeFile(join(folder, 'zeros'), Buffer.alloc(400_000));
  await writeFile(join(folder, 'line\nfeed'), 'x');
  const made = await archiver(folder);
  const archive = await made.archive({ signal });
  if ('nothing' in archive) throw new Error(archive.nothing);
  return { bytes: await readAll(archive.content), archiver: made };
}

describe.each(
  VARIANTS.flatMap(([name, programs]) => WAYS.map(([how, given]) => [name, how, programs, given] as const)),
)('the check of an archive with %s, %s', (name, _how, programs, given) => {
  const skipped = name !== 'node:zlib' && !available.has(name);
  const make = async (folder: string): Promise<TarArchiver> =>
    new TarArchiver({ folder, env: await onlyPrograms(...programs) });

  it.skipIf(skipped)(
    'counts the members of what it has made itself, and of what the others make',
    async () => {
      const { bytes, archiver } = await anArchive(make);
      expect(await archiver.check(await given(bytes), { signal })).toEqual({ members: 4 });
      expect(
        await new TarArchiver({ folder: '/', env: await onlyPrograms('setpriv', 'tar') }).check(
          await given(bytes),
          { signal },
        ),
      ).toEqual({ members: 4 });
      if (available.size > 0)
        expect(await new TarArchiver({ folder: '/', env }).check(await given(bytes), { signal })).toEqual({
          members: 4,
        });
    },
  );

  it.skipIf(skipped)('refuses every archive that was cut short, by twentieths and by a byte', async () => {
    const { bytes, archiver } = await anArchive(make);
    const lengths = [
      ...Array.from({ length: 20 }, (_, part) => Math.floor((bytes.length * part) / 20)),
      ...[1, 2, 8, 9].map((cut) => bytes.length - cut),
    ];
    for (const length of lengths)
      await failure(
        'ARTIFACT_UNREADABLE',
        archiver.check(await given(bytes.subarray(0, length)), { signal }),
      );
  });

  it.skipIf(skipped)(
    'refuses an archive of which one bit has changed, in its content or its checksum',
    async () => {
      const { bytes, archiver } = await anArchive(make);
      for (const at of [
        0,
        1,
        2,
        ...Array.from({ length: 9 }, (_, part) => Math.floor((bytes.length * (part + 1)) / 10)),
        bytes.length - 8,
      ]) {
        const flipped = Buffer.from(bytes);
        flipped[at]! ^= 0x10;
        await failure('ARTIFACT_UNREADABLE', archiver.check(await given(flipped), { signal }));
      }
    },
  );

  it.skipIf(skipped)('refuses what is no archive', async () => {
    const { archiver } = await anArchive(make);
    for (const content of [
      Buffer.from('not gzip'),
      randomBytes(100_000),
      gzipSync('gzip, but not tar'),
      gzipSync(''),
      gzipSync(randomBytes(100_000)),
    ]) {
      await failure('ARTIFACT_UNREADABLE', archiver.check(await given(content), { signal }));
    }
  });

  it.skipIf(skipped)('fails as its reading does, which is no verdict on the archive', async () => {
    const { bytes, archiver } = await anArchive(make);
    const failure = Object.assign(new Error('the store went away'), { code: 'ECONNRESET' });
    const source = { ...sourceOf(bytes), open: () => chunksOf(bytes.subarray(0, 300_000), { failure }) };
    await expect(archiver.check(source, { signal })).rejects.toBe(failure);
  });
});
