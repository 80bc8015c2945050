import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { mkdir, readdir, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { ManualClock, readAll, sourceOf } from '@geolens/backup-core/testing';
import type { ArtifactSource, SwappedStaging } from '@geolens/backup-core';
import { TarArchiver } from '../../src/archive/tar-archiver.ts';
import { TarStagingRestorer } from '../../src/archive/tar-staging-restorer.ts';
import { env } from '../../../system/test/support/search-path.ts';

export const signal = new AbortController().signal;

/** The folder for records that the tests of one file share. */
export const sharedRecords = mkdtempSync(join(tmpdir(), 'geolens-backup-test-'));
afterAll(() => rm(sharedRecords, { recursive: true, force: true }));

export function restorer(
  programs: { readonly PATH: string } = env,
  recordsDir = sharedRecords,
): TarStagingRestorer {
  return new TarStagingRestorer({
    env: programs,
    clock: new ManualClock(new Date('2026-01-01T02:00:00Z')),
    label: 'STAGING_DIR',
    recordsDir,
  });
}

export async function archiveOf(folder: string): Promise<ArtifactSource> {
  const archive = await new TarArchiver({ folder, env }).archive({ signal });
  if ('nothing' in archive) throw new Error(archive.nothing);
  return sourceOf(await readAll(archive.content));
}

export async function restore(archive: ArtifactSource, folder: string): Promise<SwappedStaging> {
  const unpacked = await restorer().unpack(archive, folder, { signal });
  return unpacked.swap();
}

/** Names at the top of a folder that are ours. */
export async function ownIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith('.geolens-backup-')).sort();
}

/**
 * Type, mode, owner, size, time, name and target of everything below a folder, and the links of files;
 * nothing of ours.
 */
export function description(folder: string): string {
  const print = `-printf '%y %m %U %G %T@ %p -> %l ' \\( -type d -printf '\\0' -o -printf '%n %s\\0' \\)`;
  const { stdout } = spawnSync(
    'sh',
    ['-c', `find . -name '.geolens-backup-*' -prune -o ${print} | LC_ALL=C sort -z`],
    { cwd: folder, maxBuffer: 1e8 },
  );
  return stdout.toString('latin1').replaceAll('\0', '\n');
}

export const RESTORE_ID = '00000000-0000-4000-8000-000000000000';

/** Leaves a work folder and its record, as a process that died would. Answers the path of the folder. */
export async function leaveRecord(
  folder: string,
  content: Readonly<Record<string, unknown>>,
  recordsDir = sharedRecords,
): Promise<string> {
  const work = join(folder, `.geolens-backup-restoring-${RESTORE_ID}`);
  await mkdir(work, { mode: 0o700 });
  const { ino } = await stat(work);
  const record = { id: RESTORE_ID, folder: await realpath(folder), inode: String(ino), ...content };
  await writeFile(join(recordsDir, `.geolens-backup-staging-${RESTORE_ID}.json`), JSON.stringify(record));
  return work;
}
