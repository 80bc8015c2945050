import { syncBuiltinESMExports } from 'node:module';
import fs from 'node:fs/promises';
import { ManualClock, sourceOf } from '@geolens/backup-core/testing';
import { dyingAfter } from './dying.ts';

/*
 * Restores an archive into a folder and ends its process by SIGKILL right after the n-th call that changes
 * the file system. Arguments: the folder, the archive in base64, n, the folder for records, which call of
 * rename in the swap fails (0 for none), and `drop` if the old content is dropped after the swap. Prints what
 * became of the swap.
 */
const [folder, archive, calls, recordsDir, failing, drop] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string?,
];
const dying = dyingAfter(Number(calls));
let renames = 0;

const rename = dying(fs.rename);
fs.rename = async (...args) => {
  renames -= 1;
  if (renames === 0) throw Object.assign(new Error('EIO: bad disk'), { code: 'EIO', syscall: 'rename' });
  return rename(...args);
};
// Opening a folder by a descriptor, which takes the flags as a number, changes nothing.
const open = fs.open;
const dyingOpen = dying(fs.open);
fs.open = (...args) => (typeof args[1] === 'number' ? open(...args) : dyingOpen(...args));
fs.rm = dying(fs.rm);
fs.mkdir = dying(fs.mkdir) as typeof fs.mkdir;
fs.rmdir = dying(fs.rmdir);
fs.unlink = dying(fs.unlink);
fs.chmod = dying(fs.chmod);
fs.chown = dying(fs.chown);
fs.utimes = dying(fs.utimes);
syncBuiltinESMExports();

const { TarStagingRestorer } = await import('../../../src/archive/tar-staging-restorer.ts');
const restorer = new TarStagingRestorer({
  env: { PATH: process.env['PATH'] ?? '' },
  clock: new ManualClock(new Date('2026-01-01T02:00:00Z')),
  recordsDir,
});
const unpacked = await restorer.unpack(sourceOf(Buffer.from(archive, 'base64')), folder, {
  signal: new AbortController().signal,
});
renames = Number(failing);
const outcome = await unpacked.swap().then(
  async ({ previous }) => {
    if (drop !== undefined) await restorer.dropPrevious(previous!);
    return 'swapped';
  },
  (error: unknown) => `failed: ${(error as Error).message}`,
);
await unpacked.discard();
process.stdout.write(outcome);
