import { constants } from 'node:os';
import { BackupError } from '@geolens/backup-core/errors';
import { runCli } from './cli.ts';
import { processIo } from './io.ts';

/** A run that is asked to end has ended by then, or is ended: within the ten seconds that Docker grants. */
const LAST_MOMENT_MS = 9_000;

const PARENT_CHECK_MS = 1_000;

const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  process.on(name, () => {
    stopBy(name, name);
  });
if (process.env['npm_command'] === 'exec') stopWithParent();
// Whoever reads our output may stop reading; that is no reason to stop a backup.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  io: processIo(),
  signal: stop.signal,
});
// To a pipe, Node writes what does not fit later.
await Promise.all(
  [process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))),
);
// Not left to the loop: on that way out Node takes its handlers away some milliseconds before the end, and a
// second signal then changes the exit code.
process.exit(exitCode);

function stopBy(what: string, signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP'): void {
  if (stop.signal.aborted) return;
  stop.abort(new BackupError('ABORTED', `stopped by ${what}`));
  setTimeout(() => {
    process.stderr.write(
      `geolens-backup: not everything ended within ${LAST_MOMENT_MS / 1000} s after ${what}; gone without it\n`,
    );
    process.exit(128 + constants.signals[signal]);
  }, LAST_MOMENT_MS).unref();
}

/** npx starts us through a shell that passes no signal on: when npx is stopped, only our parent changes. */
function stopWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) stopBy('the end of npx', 'SIGTERM');
  }, PARENT_CHECK_MS).unref();
}
