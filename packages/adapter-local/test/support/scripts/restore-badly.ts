import { syncBuiltinESMExports } from 'node:module';
import fs from 'node:fs/promises';
import { ManualClock, sourceOf } from '@geolens/backup-core/testing';
import { dyingAfter } from './dying.ts';

/*
 * Restores an archive into a folder and ends its process by SIGKILL right after the n-th call that changes the file system.
 * Arguments: the folder, the archive in base64, n, and optionally which call of rename fails, m. Prints what became of the swap.
 */
const [folder, archive, calls, failing] = process.argv.slice(2) as [string, string, string, string?];
const dying = dyingAfter(Number(calls));
let renames = Number(failing ?? 0);

const rename = dying(fs.rename);
fs.rename = async (...args) => {
  renames -= 1;
  if (renames === 0) throw Object.assign(new Error('EIO: bad disk'), { code: 'EIO', syscall: 'rename' });
  return rename(...args);
};
fs.open = dying(fs.open);
fs.rm = dying(fs.rm);
fs.mkdir = dying(fs.mkdir) as typeof fs.mkdir;
fs.rmdir = dying(fs.rmdir);
fs.unlink = dying(fs.unlink);
fs.chmod = dying(fs.chmod);
fs.chown = dying(fs.chown);
fs.utimes = dying(fs.utimes);
syncBuiltinESMExports();

const { TarStagingRestorer } = await import('../../../src/staging/tar-staging-restorer.ts');
const restorer = new TarStagingRestorer({ env: { PATH: process.env['PATH'] ?? '' }, clock: new ManualClock(new Date('2026-01-01T02:00:00Z')) });
const unpacked = await restorer.unpack(sourceOf(Buffer.from(archive, 'base64')), folder, { signal: new AbortController().signal });
const outcome = await unpacked.swap().then(
  () => 'swapped',
  (error: unknown) => `failed: ${(error as Error).message}`,
);
await unpacked.discard();
process.stdout.write(outcome);
