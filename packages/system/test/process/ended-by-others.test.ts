import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Secret, type ArtifactSource } from '@geolens/backup-core';
import { PgDumpProducer } from '../../../adapter-postgres/src/dump/pg-dump-producer.ts';
import { TarArchiver } from '../../../adapter-local/src/archive/tar-archiver.ts';

const signal = new AbortController().signal;
const SOMETHING: ArtifactSource = { bytes: 3, sha256: '', open: () => bytes() };

async function* bytes(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from('abc'));
}

/** A folder with programs that do this. */
async function programs(names: readonly string[], does: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'geolens-backup-test-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const name of names) {
    await writeFile(
      join(folder, name),
      `#!/bin/sh\n[ "$1" != --version ] || { echo '${name} (PostgreSQL) 17.2'; exit; }\ncat >/dev/null\n${does}\n`,
    );
    await chmod(join(folder, name), 0o755);
  }
  return folder;
}

describe('a check', () => {
  it.each([
    ['kill -KILL $$', 'PROGRAM_ENDED'],
    ['kill -TERM $$', 'PROGRAM_ENDED'],
    ['kill -SEGV $$', 'ARTIFACT_UNREADABLE'],
    ['exit 1', 'ARTIFACT_UNREADABLE'],
  ])('of a dump by a pg_restore that does `%s` fails with %s', async (does, code) => {
    const binDir = await programs(['pg_dump', 'pg_dumpall', 'pg_restore'], does);
    const connection = { host: 'h', port: 1, user: 'u', password: new Secret('p'), database: 'd' };
    const producer = new PgDumpProducer({ connection, binDir, env: { PATH: process.env['PATH']! } });
    await expect(producer.check(SOMETHING, { signal })).rejects.toMatchObject({ code });
  });

  it.each([
    ['kill -KILL $$', 'PROGRAM_ENDED'],
    ['echo "tar: Child died with signal 9" >&2; exit 2', 'PROGRAM_ENDED'],
    ['echo "tar: Unexpected EOF" >&2; exit 2', 'ARTIFACT_UNREADABLE'],
  ])('of an archive by a tar that does `%s` fails with %s', async (does, code) => {
    const folder = await programs(['tar'], does);
    const archiver = new TarArchiver({ folder, env: { PATH: `${folder}:${process.env['PATH']!}` } });
    await expect(archiver.check(SOMETHING, { signal })).rejects.toMatchObject({ code });
  });
});
