import { constants } from 'node:os';
import { BackupError } from '@geolens/backup-core/errors';
import { runCli } from './cli.ts';
import { processIo } from './io.ts';

/** Time limit for the end of an aborted run. Docker grants ten seconds. */
const LAST_MOMENT_MS = 9_000;

const PARENT_CHECK_MS = 1_000;

const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  process.on(name, () => {
    stopBy(name, name);
  });
if (process.env['npm_command'] === 'exec') stopWithParent();
// A closed output must not stop a backup.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  io: processIo(),
  signal: stop.signal,
});
// Node writes to pipes asynchronously: wait until all output is written.
await Promise.all(
  [process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))),
);
// Exits explicitly. When Node exits by itself, it removes the signal handlers some milliseconds before the
// end. A second signal would then change the exit code.
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

/** Stops with npx. Its shell passes no signals on: only the parent process changes when npx stops. */
function stopWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) stopBy('the end of npx', 'SIGTERM');
  }, PARENT_CHECK_MS).unref();
}
