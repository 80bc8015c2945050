import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import {
  abortedBy,
  BackupError,
  throwIfAborted,
  type Lock,
  type LockHolder,
  type LockLease,
  type LockOptions,
} from '@geolens/backup-core';
import { type ProgramEnvironment, tailOf } from '../process/program.ts';
import { missing, startProgram } from '../process/start-program.ts';
import { errnoOf, storeError } from '../files/store-errors.ts';

/** The file of the lock in a folder of sets: whoever works on one has to lock the same. */
export const LOCK_NAME = '.geolens-backup.lock';

/** The exit code of flock when another process has the lock. */
const CONFLICT = 75;

/** The moment that the system needs to free the lock of a process that was just killed. */
const PATIENCE_SECONDS = 1;

const LOSS_HINT = 'Look for a kill or a want of memory in the log of the system; the next run tries again';

const HINT = 'Install util-linux';

const READY = 'locked\n';

/** Another user may have put a link or a pipe in the place of the file: it is not followed, nor waited for. */
const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The path that flock has for the open file, its descriptor 3: the name may lead elsewhere by now. */
const OPEN_FILE = '/proc/self/fd/3';

/**
 * A service is stopped by a signal to all its processes; the lock stays until the work under it has ended.
 * Ignoring outlives exec.
 */
const DEAF_TO_STOPPING = `trap '' TERM INT HUP; exec flock "$@"`;

/** What sh exits with when there is no flock. */
const NOT_FOUND = 127;

/**
 * An advisory lock of the system on a file, by the program flock(1), which holds it as long as its stdin
 * stays open: that is, until it is released or this process ends, however it ends. There is nothing to clean
 * up and nothing that goes stale. The file stays; what it says is who had the lock last.
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
    await using file = await this.openFile();
    const patience = whenHeld === 'wait' ? [] : ['--timeout', String(PATIENCE_SECONDS)];
    const args = [
      '--exclusive',
      ...patience,
      '--conflict-exit-code',
      String(CONFLICT),
      '--no-fork',
      OPEN_FILE,
      ...['sh', '-c', 'exec "$1"', this.path, 'cat'], // lists of processes show the path
    ];
    const started = Promise.withResolvers<never>();
    started.promise.catch(() => undefined);
    const child = startProgram('sh', ['-c', DEAF_TO_STOPPING, 'sh', ...args], {
      env: this.env,
      stdio: ['pipe', 'pipe', 'pipe', file.fd],
      detached: true,
      label: 'flock',
      hint: HINT,
      onFailure: started.reject,
    });
    const stop = (): void => void child.kill('SIGKILL');
    signal?.addEventListener('abort', stop, { once: true });
    try {
      await Promise.race([started.promise, this.ready(child, file)]);
    } catch (error) {
      throw signal?.aborted === true ? abortedBy(signal) : error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
    // Only a courtesy to those who find it held: on a full disk, where a run has to clean up and prune, the lock
    // still works.
    const note = JSON.stringify({ ...holder, pid: process.pid, since: new Date().toISOString() });
    await writeNote(file, `${note}\n`).catch(() => undefined);
    return this.lease(child);
  }

  private lease(child: ChildProcess): LockLease {
    const loss = new AbortController();
    let released = false;
    const noteLoss = (): void => {
      if (!released)
        loss.abort(
          new BackupError(
            'LOCK_LOST',
            `the program that held the lock ${this.path} was ended by another process`,
            { hint: LOSS_HINT },
          ),
        );
    };
    child.once('close', noteLoss);
    if (hasEnded(child)) noteLoss();
    const release = (): Promise<void> => {
      released = true;
      return end(child);
    };
    return { lost: loss.signal, release };
  }

  private async openFile(): Promise<FileHandle> {
    try {
      const file = await open(this.path, FLAGS, 0o600);
      if ((await file.stat()).isFile()) return file;
      await file.close();
    } catch (error) {
      if (errnoOf(error) !== 'ELOOP') throw storeError(error, 'taking the lock', { path: this.path });
    }
    throw new BackupError('STORE_FAILED', `the lock ${this.path} is not a file`, {
      hint: 'Find out who put it there, remove it, and let no other user write to the folder',
    });
  }

  /** Resolves once flock has the lock: then it has become cat, which echoes. */
  private ready(child: ChildProcess, file: FileHandle): Promise<void> {
    const tail = tailOf(child.stderr);
    child.stdin?.on('error', () => undefined); // its end is reported by its exit
    child.stdin?.write(READY);
    return new Promise((resolve, reject) => {
      child.stdout?.once('data', () => {
        resolve();
      });
      child.once('close', (code) => {
        if (code === CONFLICT) this.held(file).then(reject, reject);
        else if (code === NOT_FOUND) reject(missing('flock', tail(), HINT));
        else
          reject(
            new BackupError(
              'STORE_FAILED',
              `flock could not lock ${this.path}: ${tail() || `exit code ${code ?? '?'}`}`,
            ),
          );
      });
    });
  }

  private async held(file: FileHandle): Promise<BackupError> {
    const who = await file.readFile('utf8').then(describeHolder, () => 'another process');
    return new BackupError('LOCK_HELD', `${who} is working on this volume (lock ${this.path})`, {
      hint: 'Try again when it has ended',
    });
  }
}

/** A file with a second name may be another user's link to a file that is not a lock: it stays as it is. */
async function writeNote(file: FileHandle, note: string): Promise<void> {
  if ((await file.stat()).nlink > 1) return;
  await file.truncate();
  await file.write(note, 0);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const gone = once(child, 'close');
  child.stdin?.end();
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
