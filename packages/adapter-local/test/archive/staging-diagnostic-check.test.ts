import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { StagingDiagnosticCheck } from '../../src/archive/staging-diagnostic-check.ts';
import { freshFolder } from '../../../system/test/support/folders.ts';
import { signal } from '../support/staging-restoring.ts';

it('warns of what an archive of the folder leaves out', async () => {
  const folder = await freshFolder();
  await mkdir(join(folder, '.geolens-backup-before-20260101_020000'));
  await mkdir(join(folder, 'inner'));
  await writeFile(join(folder, '.geolens-backup-notes.txt'), 'x');
  await symlink('/mnt/nas/rasters', join(folder, 'inner/rasters'));
  execFileSync('mkfifo', [join(folder, 'inner/pipe')]);
  const results = await new StagingDiagnosticCheck(folder).inspect({ signal });
  expect(results.map(({ level, subject }) => `${level} ${subject}`)).toEqual([
    'ok staging',
    'warn staging',
    'warn staging',
    'warn staging',
  ]);
  expect(results.map(({ message }) => message.replaceAll(folder, 'FOLDER'))).toEqual([
    'FOLDER: 5 entries can be read',
    '1 symbolic link leads out of FOLDER, and what is there is not in the archive: ./inner/rasters -> /mnt/nas/rasters',
    'devices, sockets and FIFOs in FOLDER are not archived: ./inner/pipe (FIFO)',
    'the archive leaves out what restores have left in FOLDER: ./.geolens-backup-before-20260101_020000',
  ]);
  expect(results.map(({ contentBytes }) => contentBytes)).toEqual([1, undefined, undefined, undefined]);
  expect(results.slice(1).every(({ hint }) => hint !== undefined)).toBe(true);
});
