/**
 * The snapshot's own session holds a lock on every table already. What pg_dump can still wait for is a
 * session that wants a table for itself (ALTER TABLE, TRUNCATE) and came between: that one waits for us, and
 * everybody else waits for it. Neither would ever end, so it is given up soon, and the run begins once more.
 * Not at once: sequences may be locked by somebody who ends.
 */
const BEHIND_A_WAITER_MS = 30_000;

/**
 * Returns pg_dump's argument for how long to wait for the lock of a table.
 * @param isFirst whether the session of the snapshot has not locked every table before
 */
export function lockWait(
  lockTimeoutMs: number,
  { isFirst = false }: { readonly isFirst?: boolean } = {},
): string {
  return `--lock-wait-timeout=${isFirst ? lockTimeoutMs : Math.min(lockTimeoutMs, BEHIND_A_WAITER_MS)}`;
}
