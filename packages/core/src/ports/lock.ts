/** Who holds the lock, for the message that the others get. */
export interface LockHolder {
  /** The command: `run`, `prune`, `restore`, `accept`. */
  readonly command: string;
  /** Its process; absent where it is not known. */
  readonly pid?: number;
  /** Since when, ISO 8601. */
  readonly since?: string;
}

/** A lock that is held. */
export interface LockLease {
  /**
   * Fires, with a BackupError LOCK_LOST, when the lock is gone without having been given back: whoever works
   * under it has to stop.
   */
  readonly lost: AbortSignal;
  /** Gives the lock back. Safe to call twice, never fails. */
  release(): Promise<void>;
}

/** What to do when another process holds the lock. */
export interface LockOptions {
  /**
   * `fail` (the default): LOCK_HELD at once when somebody holds it. `wait`: until it is free, or the signal
   * fires.
   */
  readonly whenHeld?: 'fail' | 'wait' | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lets one process at a time change the sets of a volume. It is free again the moment its holder ends,
 * however it ends: no time-out, no stale lock to remove by hand.
 */
export interface Lock {
  /**
   * Takes the lock.
   * @throws BackupError LOCK_HELD with who holds it, unless it is waited for; ABORTED when the signal fires
   * meanwhile
   */
  acquire(holder: LockHolder, options?: LockOptions): Promise<LockLease>;
}

/** The lock of someone who is alone anyway: tests, and programs that keep others out by their own means. */
export const noLock: Lock = {
  acquire: () => Promise.resolve({ lost: new AbortController().signal, release: () => Promise.resolve() }),
};
