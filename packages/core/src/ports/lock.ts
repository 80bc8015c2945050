/** The holder of a lock, for messages to other processes. */
export interface LockHolder {
  /** Command of the holder: `run`, `prune`, `restore`, `accept`, `remove`, `cleanup`. */
  readonly command: string;
  /** Process id. `undefined` if unknown. */
  readonly pid?: number;
  /** Time of the acquisition, ISO 8601. `undefined` if unknown. */
  readonly since?: string;
}

/** An acquired lock. */
export interface LockLease {
  /**
   * Fires with a BackupError LOCK_LOST if the lock is lost without a `release`. The work under the lock must
   * then stop.
   */
  readonly lost: AbortSignal;
  /** Releases the lock. Safe to call twice. Never fails. */
  release(): Promise<void>;
}

/** Options for acquiring a lock. */
export interface LockOptions {
  /**
   * `fail` fails with LOCK_HELD at once if another process holds the lock. `wait` waits until the lock is
   * free or the signal fires. Defaults to `fail`.
   */
  readonly whenHeld?: 'fail' | 'wait' | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lets one process at a time change the sets of a volume. The lock is free as soon as its holder ends in any
 * way. There are no time-outs and no stale locks to remove.
 */
export interface Lock {
  /**
   * Acquires the lock.
   * @throws BackupError LOCK_HELD, with the holder, if another process holds it and the caller does not wait
   * @throws BackupError ABORTED if the signal fires while waiting
   */
  acquire(holder: LockHolder, options?: LockOptions): Promise<LockLease>;
}

/** A lock without effect, for tests and for programs that exclude other processes by other means. */
export const noLock: Lock = {
  acquire: () => Promise.resolve({ lost: new AbortController().signal, release: () => Promise.resolve() }),
};
