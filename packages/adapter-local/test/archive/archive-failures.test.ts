import { appendFileSync, writeFileSync } from 'node:fs';
import { chmod, cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Archive } from '@geolens/backup-core';
import { readAll, sourceOf } from '@geolens/backup-core/testing';
import { findProgram } from '../../../system/src/process/start-program.ts';
import { TarArchiver } from '../../src/archive/tar-archiver.ts';
import { failure } from '../../../system/test/support/failure.ts';
import { freshFolder, isRoot } from '../../../system/test/support/folders.ts';
import { processesWith, until } from '../../../system/test/support/processes.ts';
import { env, onlyPrograms } from '../../../system/test/support/search-path.ts';

const signal = new AbortController().signal;
const started = (archive: Archive | { readonly nothing: string }): Archive => {
  if ('nothing' in archive) throw new Error(archive.nothing);
  return archive;
};

/** A search path with a program of that name that is this shell script, before the real ones. */
async function withProgram(name: string, script: string): Promise<{ readonly PATH: string }> {
  const folder = await freshFolder();
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { PATH: `${folder}:${env.PATH}` };
}

describe('a staging folder with nothing in it', () => {
  it('is said to be empty, or not to be there, with the setting and the path', async () => {
    const folder = await freshFolder();
    expect(await new TarArchiver({ folder, label: 'STAGING_DIR', env }).archive({ signal })).toEqual({
      nothing: `the folder STAGING_DIR=${folder} is empty`,
    });
    expect(
      await new TarArchiver({ folder: `${folder}/no`, label: 'STAGING_DIR', env }).archive({ signal }),
    ).toEqual({ nothing: `the folder STAGING_DIR=${folder}/no does not exist` });
  });

  it('is said to be empty when there is only what a restore has kept', async () => {
    const folder = await freshFolder();
    await mkdir(join(folder, '.geolens-backup-before-20260101_020000'));
    expect(await new TarArchiver({ folder, env }).archive({ signal })).toEqual({
      nothing: `the folder ${folder} is empty`,
    });
  });

  it('is a failure when it is a file', async () => {
    const file = join(await freshFolder(), 'file');
    await writeFile(file, 'x');
    expect(
      (await failure('ARCHIVE_FAILED', new TarArchiver({ folder: file, env }).archive({ signal }))).message,
    ).toContain(file);
  });
});

describe('files that change while they are archived', () => {
  it('are kept, with a warning', async () => {
    const folder = await freshFolder();
    const growing = join(folder, 'growing');
    writeFileSync(growing, Buffer.alloc(40_000_000));
    const archiver = new TarArchiver({ folder, env: await onlyPrograms('setpriv', 'tar') });
    const archive = started(await archiver.archive({ signal }));
    const chunks: Uint8Array[] = [];
    for await (const chunk of archive.content) {
      if (chunks.length === 0) appendFileSync(growing, 'more'); // tar is stuck in the middle of the file: nobody reads
      chunks.push(chunk);
    }
    expect(archive.warnings()).toEqual(['tar: ./growing: file changed as we read it']);
    expect(await archiver.check(sourceOf(Buffer.concat(chunks)), { signal })).toEqual({ members: 2 });
  });

  it('are told of twenty at most, and how many more there are', async () => {
    const folder = await freshFolder();
    await writeFile(join(folder, 'file'), 'x');
    const script =
      'i=0; while [ $i -lt 30 ]; do echo "tar: ./f$i: file changed as we read it" >&2; i=$((i+1)); done; exit 1';
    const archive = started(
      await new TarArchiver({ folder, env: await withProgram('tar', script) }).archive({ signal }),
    );
    await readAll(archive.content);
    expect(archive.warnings()).toHaveLength(21);
    expect(archive.warnings().at(-1)).toBe('tar: and 10 more such files');
  });
});

describe('an archive that cannot be made', () => {
  it.each([
    'echo "tar: ./x: Cannot open: Permission denied" >&2; printf half; exit 2',
    'printf half; kill -KILL $$',
  ])('fails its stream: %s', async (script) => {
    const folder = await freshFolder();
    await writeFile(join(folder, 'file'), 'x');
    for (const path of [await withProgram('tar', script), await onlyPrograms('setpriv', 'sh')]) {
      if (!path.PATH.includes(':'))
        writeFileSync(join(path.PATH, 'tar'), `#!/bin/sh\n${script}\n`, { mode: 0o755 }); // with node:zlib
      const archive = started(
        await new TarArchiver({ folder, label: 'STAGING_DIR', env: path }).archive({ signal }),
      );
      const { message, hint } = await failure('ARCHIVE_FAILED', readAll(archive.content));
      expect(message).toContain(`STAGING_DIR=${folder}`);
      expect(hint).toContain('DAC_READ_SEARCH');
    }
  });

  it('fails when the compressor does', async () => {
    const folder = await freshFolder();
    await writeFile(join(folder, 'file'), Buffer.alloc(1_000_000));
    const archive = started(
      await new TarArchiver({ folder, env: await withProgram('igzip', 'cat >/dev/null; exit 1') }).archive({
        signal,
      }),
    );
    await failure('ARCHIVE_FAILED', readAll(archive.content));
  });

  it.skipIf(!isRoot)('fails when a file may not be read (as nobody, which takes root)', async () => {
    const folder = await freshFolder();
    await writeFile(join(folder, 'private'), 'x', { mode: 0o600 });
    await chmod(folder, 0o755);
    const tar = (await findProgram(['tar'], env.PATH))!;
    const path = await withProgram(
      'tar',
      `exec setpriv --reuid 65534 --regid 65534 --clear-groups ${tar} "$@"`,
    );
    const { message } = await failure(
      'ARCHIVE_FAILED',
      readAll(started(await new TarArchiver({ folder, env: path }).archive({ signal })).content),
    );
    expect(message).toContain('./private: Cannot open: Permission denied');
  });

  it('fails when tar is not installed', async () => {
    const folder = await freshFolder();
    await writeFile(join(folder, 'file'), 'x');
    const archive = started(
      await new TarArchiver({ folder, env: await onlyPrograms('setpriv') }).archive({ signal }),
    );
    expect((await failure('PROGRAM_MISSING', readAll(archive.content))).message).toContain('tar');
  });

  it.each([['a compressor'], ['node:zlib']])(
    'ends all its programs when it is aborted in the middle, with %s',
    async (kind) => {
      const folder = await freshFolder();
      for (const name of ['one', 'two']) await writeFile(join(folder, name), Buffer.alloc(30_000_000, name));
      const stop = new AbortController();
      const path = kind === 'node:zlib' ? await onlyPrograms('setpriv', 'tar') : env;
      const archive = started(await new TarArchiver({ folder, env: path }).archive({ signal: stop.signal }));
      const reading = (async () => {
        for await (const chunk of archive.content) {
          expect(chunk.length).toBeGreaterThan(0);
          stop.abort();
        }
      })();
      await failure('ABORTED', reading);
      await until(() => processesWith(folder).length === 0, 'tar is gone');
    },
  );
});

describe('a search path with a space in it', () => {
  it('serves, though tar takes the compressor as words', async () => {
    const programs = join(await freshFolder(), 'with space');
    await mkdir(programs);
    for (const name of ['setpriv', 'tar'])
      await symlink((await findProgram([name], env.PATH))!, join(programs, name));
    await cp((await findProgram(['igzip', 'pigz', 'gzip'], env.PATH))!, join(programs, 'pigz'));
    const folder = await freshFolder();
    await writeFile(join(folder, 'file'), 'x');
    const archiver = new TarArchiver({ folder, env: { PATH: programs } });
    const bytes = await readAll(started(await archiver.archive({ signal })).content);
    expect(await archiver.check(sourceOf(bytes), { signal })).toEqual({ members: 2 });
  });
});
