import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Does some work while no other process does work under the same lock file; waits for its turn.
 * The lock goes with this process, however it ends. Rejects when the lock cannot be had within `waitSeconds`.
 */
export async function withFileLock<T>(file: string, waitSeconds: number, work: () => Promise<T>): Promise<T> {
  // The holder sees the end of its input when this process is gone.
  const holder = spawn(
    'flock',
    ['--exclusive', '--timeout', String(waitSeconds), file, 'sh', '-c', 'echo locked; exec cat >/dev/null'],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const failed = once(holder, 'exit').then(([code]) => {
    throw new Error(`no lock on ${file} within ${waitSeconds} s (flock exit code ${code})`);
  });
  failed.catch(() => undefined);
  await Promise.race([once(holder.stdout, 'data'), failed]);
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await failed.catch(() => undefined);
  }
}
