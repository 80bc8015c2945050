import { execFileSync } from 'node:child_process';
import { readdirSync, renameSync, symlinkSync } from 'node:fs';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BackupError } from '@geolens/backup-core';
import { chunksOf, readAll, sourceOf } from '@geolens/backup-core/testing';
import { findProgram } from '@geolens/backup-system';
import { FolderHandle } from '../../src/archive/folder-handle.ts';
import { removeContent } from '../../src/archive/work-folder.ts';
import { failure } from '../../../system/test/support/failure.ts';
import { freshFolder, isRoot, mayMount } from '../../../system/test/support/folders.ts';
import { Script } from '../../../system/test/support/processes.ts';
import { env } from '../../../system/test/support/search-path.ts';
import { leaveRecord, restorer, RESTORE_ID, signal } from '../support/staging-restoring.ts';
import { tarGz } from '../support/tar-writer.ts';

const WORK = `.geolens-backup-restoring-${RESTORE_ID}`;
const RECORD = `.geolens-backup-staging-${RESTORE_ID}.json`;
const BEFORE = '.geolens-backup-before-20260101_020000';
const NEXT = '.geolens-backup-before-20260101_020001';
const small = sourceOf(tarGz({ name: './', type: '5', mode: 0o755 }, { name: './new', content: 'new' }));
const base64 = (name: string): string => Buffer.from(name).toString('base64');

/** A staging folder with one file, a folder for records, and files outside of both that must not change. */
async function ground(): Promise<{
  folder: string;
  records: string;
  outside: string;
  untouched: () => Promise<void>;
}> {
  const parent = await freshFolder();
  const [folder, records, outside] = ['staging', 'records', 'outside'].map((name) => join(parent, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [folder, records, outside]) await mkdir(path);
  await writeFile(join(folder, 'upload'), 'content');
  await writeFile(join(outside, 'shadow'), 'root only', { mode: 0o600 });
  await chmod(outside, 0o755);
  const untouched = async (): Promise<void> => {
    expect(await readdir(outside)).toEqual(['shadow']);
    expect(await readFile(join(outside, 'shadow'), 'utf8')).toBe('root only');
    expect([(await stat(outside)).mode & 0o777, (await stat(join(outside, 'shadow'))).mode & 0o777]).toEqual([
      0o755, 0o600,
    ]);
  };
  return { folder, records, outside, untouched };
}

/** What a recovery did and warned of. */
async function recover(
  folder: string,
  records: string,
): Promise<{ done: readonly string[]; warnings: readonly string[] }> {
  const warnings: string[] = [];
  const done = await restorer(undefined, records).recover(folder, {
    onWarning: (message) => void warnings.push(message),
  });
  return { done, warnings };
}

async function restore(folder: string, records: string): Promise<string | undefined> {
  const unpacked = await restorer(undefined, records).unpack(small, folder, { signal });
  return (await unpacked.swap()).previous;
}

describe('a note that another user leaves in the staging folder', () => {
  const note = (previous: string, name: string): string =>
    JSON.stringify({ previous, lockedOld: [], lockedNew: [{ name: base64(name), mode: 0o666 }] });

  it.each([
    // The mode of the file was changed to that of the note.
    ['names a file outside of it', 'in', note(BEFORE, '../outside/shadow')],
    // All files of the staging folder were moved to the folder of the note.
    ['names a folder outside of it', 'out', note('../outside', 'x')],
    // Every run failed to clean up, and no restore was possible, that of the database included.
    ['is damaged', 'in', '{'],
  ])('%s: it is ignored, reported, and stops no restore', async (_, phase, text) => {
    const { folder, records, untouched } = await ground();
    await mkdir(join(folder, WORK));
    await writeFile(join(folder, `${WORK}.${phase}`), text);
    expect(await recover(folder, records)).toEqual({
      done: [],
      warnings: [
        expect.stringContaining(
          `ignored in ${folder}: ${WORK}.${phase}, written by a restore of an earlier version or by another user`,
        ),
      ],
    });
    expect((await readdir(folder)).sort()).toEqual([WORK, `${WORK}.${phase}`, 'upload']);
    expect(await restore(folder, records)).toBe(join(folder, BEFORE));
    expect((await readdir(folder)).sort()).toEqual([BEFORE, WORK, `${WORK}.${phase}`, 'new']);
    await untouched();
  });
});

describe('a folder in the staging folder that has the name of one of ours', () => {
  it('stays if no record names it', async () => {
    const { folder, records } = await ground();
    for (const name of [WORK, `.geolens-backup-dropping-${RESTORE_ID}`])
      await mkdir(join(folder, name, 'inner'), { recursive: true });
    expect(await recover(folder, records)).toEqual({ done: [], warnings: [] });
    expect(await readdir(folder)).toHaveLength(3);
    expect(await readdir(join(folder, WORK))).toEqual(['inner']);
  });

  // By path, all in the target of the link was removed.
  it.each(['unpacking', 'dropping', 'out', 'in'])(
    'is not followed if it is a link in the place of the recorded one, in phase %s',
    async (phase) => {
      const { folder, records, outside, untouched } = await ground();
      await rename(
        await leaveRecord(folder, { phase, lockedOld: [], lockedNew: [] }, records),
        join(folder, 'moved away'),
      );
      await symlink(outside, join(folder, WORK));
      expect(await recover(folder, records)).toEqual({
        done: [],
        warnings: [expect.stringContaining('is not the folder that an interrupted restore made')],
      });
      expect(await readdir(records)).toEqual([]);
      expect(await readFile(join(folder, 'upload'), 'utf8')).toBe('content');
      expect((await lstat(join(folder, WORK))).isSymbolicLink()).toBe(true);
      await untouched();
      await restore(folder, records);
    },
  );

  it.each(['unpacking', 'dropping', 'out', 'in'])(
    'is left as it is if it was swapped for another folder after the crash, in phase %s',
    async (phase) => {
      const { folder, records } = await ground();
      const work = await leaveRecord(folder, { phase, lockedOld: [], lockedNew: [] }, records);
      await rename(work, join(folder, 'moved away'));
      await mkdir(join(folder, 'of an administrator'), { mode: 0o750 });
      await writeFile(join(folder, 'of an administrator', 'file'), 'content');
      await rename(join(folder, 'of an administrator'), work);
      expect(await recover(folder, records)).toEqual({
        done: [],
        warnings: [expect.stringContaining('is not the folder that an interrupted restore made')],
      });
      expect(await readFile(join(work, 'file'), 'utf8')).toBe('content');
      expect((await stat(work)).mode & 0o777).toBe(0o750);
    },
  );

  it.skipIf(!isRoot)('is left as it is if it belongs to another user', async () => {
    const { folder, records } = await ground();
    const work = await leaveRecord(folder, { phase: 'in', lockedOld: [], lockedNew: [] }, records);
    await mkdir(join(work, 'new'));
    await writeFile(join(work, 'new', 'planted'), 'x');
    await chown(work, 65534, 65534);
    expect((await recover(folder, records)).warnings).toEqual([
      expect.stringContaining('is not the folder that an interrupted restore made'),
    ]);
    expect((await readdir(folder)).sort()).toEqual([WORK, 'upload']);
  });
});

describe('a link in the place of what a restore keeps', () => {
  it.each([
    ['a link to a folder', true],
    ['a file', false],
  ])('%s takes no old content: it goes to the next free name', async (_, isLink) => {
    const { folder, records, outside, untouched } = await ground();
    await (isLink ? symlink(outside, join(folder, BEFORE)) : writeFile(join(folder, BEFORE), 'x'));
    expect(await restore(folder, records)).toBe(join(folder, NEXT));
    expect(await readdir(join(folder, NEXT))).toEqual(['upload']);
    await untouched();
  });

  it('is not dropped as an old content', async () => {
    const { folder, records, outside, untouched } = await ground();
    await symlink(outside, join(folder, BEFORE));
    expect(
      (await failure('STAGING_FAILED', restorer(undefined, records).dropPrevious(join(folder, BEFORE))))
        .message,
    ).toContain('is not a folder');
    expect(await readdir(records)).toEqual([]);
    await untouched();
  });

  // The modes of read-only folders are given back at the end of a swap; by path this changed the target of a
  // link.
  it('keeps the mode of its target when a swap locks folders again', async () => {
    const { folder, records, outside, untouched } = await ground();
    const work = await leaveRecord(
      folder,
      { phase: 'in', lockedOld: [], lockedNew: [base64('link')] },
      records,
    );
    await mkdir(join(work, 'new'));
    await symlink(outside, join(folder, 'link'));
    expect((await recover(folder, records)).done).toEqual([expect.stringContaining('finished the restore')]);
    await untouched();
  });
});

describe('a work folder that another user replaces while an archive is unpacked', () => {
  it('leads no file elsewhere, and the swap is refused', async () => {
    const { folder, records, outside, untouched } = await ground();
    const bytes = await readAll(small.open());
    let readings = 0;
    const open = (): AsyncIterable<Uint8Array> => {
      readings += 1;
      if (readings === 2) {
        const work = readdirSync(folder).find((name) => name.startsWith('.geolens-backup-restoring-'));
        renameSync(join(folder, work!), join(folder, 'moved away'));
        symlinkSync(outside, join(folder, work!));
      }
      return chunksOf(bytes);
    };
    const unpacked = await restorer(undefined, records).unpack({ ...small, open }, folder, { signal });
    expect(readings).toBe(2);
    expect((await failure('STAGING_FAILED', unpacked.swap())).message).toContain(
      'another user has moved or replaced',
    );
    await unpacked.discard();
    expect(await readFile(join(folder, 'upload'), 'utf8')).toBe('content');
    await untouched();
  });
});

/** A folder of programs whose `name` runs the text of a shell script before the real one. */
async function programsWith(name: string, before: string): Promise<{ readonly PATH: string }> {
  const folder = await freshFolder();
  const real = (await findProgram([name], env.PATH))!;
  await writeFile(join(folder, name), `#!/bin/sh\n${before}\nexec ${real} "$@"\n`, { mode: 0o755 });
  return { PATH: `${folder}:${env.PATH}` };
}

describe.skipIf(!isRoot)('the owner of the staging folder', () => {
  const many = sourceOf(
    tarGz(
      { name: './', type: '5', mode: 0o777 },
      { name: './shadow', content: 'planted', mode: 0o666 },
      ...Array.from({ length: 50 }, (_, index) => ({ name: `./sub/${index}`, content: 'planted' })),
    ),
  );

  it.each([
    ['tar starts to unpack', 'tar', 'case "$*" in *--extract*)', ' ;; esac'],
    ['the unpacked files are flushed', 'sync', '', ''],
  ])('gains nothing by a link in the place of the work folder before %s', async (_, program, begin, end) => {
    const { folder, records, outside, untouched } = await ground();
    await chown(folder, 65534, 65534);
    const swap = `${begin} cd '${folder}'; for work in .geolens-backup-restoring-*; do mv "$work" away; ln -s '${outside}' "$work"; done${end}`;
    const unpacked = await restorer(await programsWith(program, swap), records).unpack(many, folder, {
      signal,
    });
    expect((await lstat(join(folder, 'away'))).mode & 0o777).toBe(0o700);
    await failure('STAGING_FAILED', unpacked.swap());
    await unpacked.discard();
    expect(await readFile(join(folder, 'upload'), 'utf8')).toBe('content');
    await untouched();
  });

  it('gains nothing by replacing what it finds there, over and over', async () => {
    const { folder, records, outside, untouched } = await ground();
    await chown(folder, 65534, 65534);
    const script = new Script(
      new URL('../support/scripts/replace-work-folder.ts', import.meta.url),
      folder,
      outside,
    );
    await script.says('ready');
    const outcomes = new Set<string>();
    for (let round = 0; round < 12; round += 1) {
      outcomes.add(
        await restorer(undefined, records)
          .recover(folder)
          .then(() => restorer(undefined, records).unpack(many, folder, { signal }))
          .then((unpacked) => unpacked.swap().finally(() => unpacked.discard()))
          .then(
            () => 'restored',
            (error: unknown) => (error as BackupError).code,
          ),
      );
    }
    await script.kill('SIGKILL');
    expect([...outcomes]).toContain('STAGING_FAILED');
    await untouched();
    expect((await lstat(join(outside, 'shadow'))).uid).toBe(0);
  }, 120_000);

  it.each([
    ['owns', (parent: string) => chown(parent, 65534, 65534)],
    ['may write to', (parent: string) => chmod(parent, 0o777)],
  ])('is not served if it %s a folder above', async (_, give) => {
    const { folder, records } = await ground();
    const parent = join(folder, '..');
    expect(await restorer(undefined, records).refusal(folder)).toBeUndefined();
    await give(parent);
    for (const path of [folder, join(parent, 'new')])
      expect(await restorer(undefined, records).refusal(path)).toContain('other users can rename what is in');
    await chown(parent, 0, 0);
    await chmod(parent, 0o1777);
    expect(await restorer(undefined, records).refusal(folder)).toBeUndefined();
  });
});

describe('a record that is damaged', () => {
  const whole = { phase: 'in', lockedOld: [], lockedNew: [] };
  it.each<[string, Readonly<Record<string, unknown>> | string]>([
    ['is no JSON', '{'],
    ['is no object', 'null'],
    ['names a file outside of the folder', { ...whole, lockedNew: [base64('../outside/shadow')] }],
    ['names the folder above', { ...whole, lockedOld: [base64('..')] }],
    ['names the folder itself', { ...whole, lockedNew: [base64('.')] }],
    ['names nothing', { ...whole, lockedNew: [''] }],
    ['lacks what a swap needs', { phase: 'out' }],
    ['has a phase that does not exist', { ...whole, phase: '../in' }],
    ['has a folder that is no absolute path', { ...whole, folder: '.' }],
    ['is that of another restore', { ...whole, id: '../outside' }],
    ['has an inode that is no number', { ...whole, inode: 1 }],
    ['has a mode that is none', { ...whole, attributes: { mode: 0o100777, uid: 0, gid: 0, mtime: 0 } }],
  ])('because it %s is reported, ignored, and stops no restore', async (_, content) => {
    const { folder, records, untouched } = await ground();
    const work = await leaveRecord(folder, typeof content === 'string' ? {} : content, records);
    if (typeof content === 'string') await writeFile(join(records, RECORD), content);
    await mkdir(join(work, 'new'));
    await writeFile(join(work, 'new', 'file'), 'x');
    expect(await recover(folder, records)).toEqual({
      done: [],
      warnings: [
        expect.stringContaining(`${RECORD}, the record of a restore of files, is damaged and ignored`),
      ],
    });
    expect((await readdir(folder)).sort()).toEqual([WORK, 'upload']);
    expect(await readdir(records)).toEqual([RECORD]);
    await restore(folder, records);
    expect(await readdir(join(work, 'new'))).toEqual(['file']);
    await untouched();
  });

  it('is ignored too if it is a pipe', async () => {
    const { folder, records } = await ground();
    execFileSync('mkfifo', [join(records, RECORD)]);
    expect((await recover(folder, records)).warnings).toEqual([
      expect.stringContaining('is not a regular file'),
    ]);
  });

  it('is ignored too if it is a folder', async () => {
    const { folder, records } = await ground();
    await mkdir(join(records, RECORD));
    expect((await recover(folder, records)).warnings).toEqual([expect.stringContaining('EISDIR')]);
  });
});

describe('the record of another folder', () => {
  it('is left to the recovery of that folder', async () => {
    const { folder, records } = await ground();
    const other = await ground();
    const work = await leaveRecord(other.folder, { phase: 'unpacking' }, records);
    expect(await recover(folder, records)).toEqual({ done: [], warnings: [] });
    expect(await readdir(records)).toEqual([RECORD]);
    expect((await recover(other.folder, records)).done).toEqual([expect.stringContaining(`removed ${work}`)]);
    expect(await readdir(records)).toEqual([]);
  });
});

describe('what cannot be removed', () => {
  it.skipIf(!mayMount)('is a warning, and stops no restore', async () => {
    const { folder, records } = await ground();
    await leaveRecord(folder, { phase: 'dropping' }, records);
    await mkdir(join(folder, WORK, 'old'));
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(folder, WORK, 'old')], { stdio: 'pipe' });
    try {
      expect(await recover(folder, records)).toEqual({
        done: [],
        warnings: [
          expect.stringMatching(
            /could not be removed .*EBUSY: something is mounted there, '.*restoring-[-0-9]*\/old'/,
          ),
        ],
      });
      await restore(folder, records);
    } finally {
      execFileSync('umount', ['--lazy', join(folder, WORK, 'old')], { stdio: 'pipe' });
    }
    expect((await recover(folder, records)).done).toEqual([
      expect.stringContaining('an old content that was to be removed'),
    ]);
  });
});

describe('the removal of a folder', () => {
  // By path, a link that came between lstat and chmod, or between chmod and readdir, led to its target.
  it('follows no link that another user puts in the place of a sub-folder meanwhile', async () => {
    const { folder, outside, untouched } = await ground();
    const parts = join(folder, '..', 'parts');
    await mkdir(parts);
    await rm(join(folder, 'upload'));
    await mkdir(join(folder, 'sub'), { mode: 0o500 });
    const script = new Script(
      new URL('../support/scripts/swap-with-link.ts', import.meta.url),
      folder,
      parts,
      outside,
    );
    await script.says('ready');
    const outcomes = new Set<string>();
    for (let round = 0; round < 3_000; round += 1) {
      await using handle = await FolderHandle.open(folder);
      outcomes.add(
        await removeContent(handle).then(
          () => 'removed',
          (error: unknown) => String((error as NodeJS.ErrnoException).code),
        ),
      );
    }
    await script.kill('SIGKILL');
    await untouched();
    expect([...outcomes]).toEqual(expect.arrayContaining(['removed', 'ENOTDIR']));
  }, 60_000);
});
