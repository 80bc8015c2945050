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

/** File name of the lock in a folder of sets. All processes that work on a folder must lock it. */
export const LOCK_NAME = '.geolens-backup.lock';

/** Exit code of flock if another process holds the lock. */
const CONFLICT = 75;

/** Seconds that the system may need to free the lock of a process that was just killed. */
const PATIENCE_SECONDS = 1;

const LOSS_HINT = 'Look for a kill or a want of memory in the log of the system; the next run tries again';

const HINT = 'Install util-linux';

const READY = 'locked\n';

/**
 * Flags for opening the lock file. Another user may have put a link or a pipe in its place. The open neither
 * follows a link nor waits for a pipe.
 */
const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Path of the open file, descriptor 3, for flock. The original name may point to another file by then. */
const OPEN_FILE = '/proc/self/fd/3';

/**
 * Script that makes flock ignore stop signals, also after exec. A service stop signals all its processes; the
 * lock must stay until the work under it has ended.
 */
const DEAF_TO_STOPPING = `trap '' TERM INT HUP; exec flock "$@"`;

/** Exit code of sh if flock does not exist. */
const NOT_FOUND = 127;

/**
 * An advisory file lock, held by the program flock(1) while its stdin stays open. The lock ends when the
 * holder releases it or this process ends, for any reason. It leaves nothing to clean up and cannot become
 * stale. The file stays; its content names the last holder.
 */
export class FlockLock implements Lock {
  private readonly path: string;
  private readonly env: ProgramEnvironment;

  /** @param env the complete environment of flock */
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
    // The note is only information for processes that find the lock held. The lock must also work on a full
    // disk, where a run cleans up and prunes.
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

  /** Resolves once flock holds the lock: flock has then become cat, which echoes its input. */
  private ready(child: ChildProcess, file: FileHandle): Promise<void> {
    const tail = tailOf(child.stderr);
    child.stdin?.on('error', () => undefined); // the exit code reports its end
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

/** Writes the note, unless the file has a second name: that may be another user's link to another file. */
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
