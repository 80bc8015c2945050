import { chmod, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ManualClock, sourceOf } from '@geolens/backup-core/testing';
import { TarStagingRestorer } from '../../../src/archive/tar-staging-restorer.ts';

/*
 * As a user who is not root: restores an archive with a read-only folder `locked` twice, removes the first
 * one, and asks for refusals. Arguments: the folder, the archive in base64, the folder for records. Prints
 * what came of it as JSON.
 */
const [folder, archive, recordsDir] = process.argv.slice(2) as [string, string, string];
const hidden = join(dirname(folder), 'private');
const mixed = join(dirname(folder), 'mixed');
await mkdir(hidden, { mode: 0o700 });
await mkdir(join(mixed, 'of-root'), { recursive: true });
await chmod(mixed, 0o777);

process.setgroups!([]);
process.setgid!(65534);
process.setuid!(65534);

const { signal } = new AbortController();
const restorer = new TarStagingRestorer({
  env: { PATH: process.env['PATH'] ?? '' },
  clock: new ManualClock(new Date('2026-01-01T02:00:00Z')),
  recordsDir,
});
const source = sourceOf(Buffer.from(archive, 'base64'));
const first = await restorer.unpack(source, folder, { signal });
await first.swap();
const entries = await readdir(folder);
const second = await restorer.unpack(source, folder, { signal });
const { previous } = await second.swap();
await restorer.dropPrevious(previous!);
const third = await restorer.unpack(source, folder, { signal });
await third.discard();
const again = await readdir(folder);
const { mode } = await stat(join(folder, 'locked'));
const refusals = [await restorer.refusal(hidden), await restorer.refusal(mixed)];
process.stdout.write(
  JSON.stringify({ warnings: first.warnings, entries, mode: mode & 0o777, again, refusals }),
);
