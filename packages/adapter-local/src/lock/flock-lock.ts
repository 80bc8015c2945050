import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, writeFile } from 'node:fs/promises';
import { abortedBy, BackupError, throwIfAborted, type Lock, type LockHolder, type LockLease, type LockOptions } from '@geolens/backup-core';
import type { ProgramEnvironment } from '../programs/program.ts';
import { startProgram } from '../programs/start-program.ts';
import { storeError } from '../store/store-errors.ts';

/** The exit code that flock is told to use when somebody else has the lock. */
const CONFLICT = 75;

/** The moment that the system needs to free the lock of a process that was just killed. */
const PATIENCE_SECONDS = 1;

const READY = 'locked\n';

/**
 * An advisory lock of the system on a file, by the program flock(1), which holds it as long as its stdin stays open: that is,
 * until it is released or this process ends, however it ends. There is nothing to clean up and nothing that goes stale.
 * The file stays; what it says is who had the lock last.
 */
export class FlockLock implements Lock {
  private readonly path: string;
  private readonly env: ProgramEnvironment;

  /** @param env what flock gets as its environment: nothing of ours passes to it that is not in there */
  constructor(path: string, env: ProgramEnvironment = {}) {
    this.path = path;
    this.env = env;
  }

  async acquire(holder: LockHolder, { whenHeld = 'fail', signal }: LockOptions = {}): Promise<LockLease> {
    throwIfAborted(signal);
    await this.makeFile();
    const patience = whenHeld === 'wait' ? [] : ['--timeout', String(PATIENCE_SECONDS)];
    const args = ['--exclusive', ...patience, '--conflict-exit-code', String(CONFLICT), '--no-fork', this.path, 'cat'];
    const started = Promise.withResolvers<never>();
    started.promise.catch(() => undefined);
    const child = startProgram('flock', args, { env: this.env, stdio: ['pipe', 'pipe', 'pipe'], detached: true, mend: 'Install util-linux', onFailure: started.reject });
    const stop = (): void => void child.kill('SIGKILL');
    signal?.addEventListener('abort', stop, { once: true });
    try {
      await Promise.race([started.promise, this.ready(child)]);
    } catch (error) {
      throw signal?.aborted === true ? abortedBy(signal) : error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
    // Only a courtesy to those who find it held: on a full disk, where a run has to sweep and prune, the lock still works.
    const note = JSON.stringify({ ...holder, pid: process.pid, since: new Date().toISOString() });
    await writeFile(this.path, `${note}\n`).catch(() => undefined);
    return { release: () => release(child) };
  }

  private async makeFile(): Promise<void> {
    try {
      await (await open(this.path, 'a', 0o600)).close();
    } catch (error) {
      throw storeError(error, 'taking the lock', { path: this.path });
    }
  }

  /** Resolves once flock has the lock: then it has become cat, which echoes. */
  private ready(child: ChildProcess): Promise<void> {
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stdin?.on('error', () => undefined); // its end is reported by its exit
    child.stdin?.write(READY);
    return new Promise((resolve, reject) => {
      child.stdout?.once('data', () => {
        resolve();
      });
      child.once('close', (code) => {
        if (code === CONFLICT) this.held().then(reject, reject);
        else reject(new BackupError('STORE_FAILED', `flock could not lock ${this.path}: ${said.trim() || `exit code ${code ?? '?'}`}`));
      });
    });
  }

  private async held(): Promise<BackupError> {
    const who = await readFile(this.path, 'utf8').then(describeHolder, () => 'another process');
    return new BackupError('LOCK_HELD', `${who} is working on this volume (lock ${this.path})`, { mend: 'Try again when it has ended' });
  }
}

async function release(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'close');
  child.stdin!.end();
  await gone;
}

function describeHolder(text: string): string {
  try {
    const { command, pid, since } = JSON.parse(text) as LockHolder;
    return `another ${command} (process ${pid ?? '?'}, since ${since ?? '?'})`;
  } catch {
    return 'another process';
  }
}
