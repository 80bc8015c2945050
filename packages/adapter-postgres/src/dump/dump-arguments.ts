import { BackupError, type Compression, withReason } from '@geolens/backup-core';

/** pg_dump knows zstd and lz4 from this version on. */
const FIRST_WITH_ZSTD = 16;

/**
 * The compression to dump with. `auto` is the fastest that is small too: zstd:1 where pg_dump has it,
 * otherwise gzip:1 (measured: zstd:1 takes 0.17 of the time of gzip:6, pg_dump's default, for a smaller file;
 * gzip:1 takes 0.43).
 * @throws BackupError CONFIG_INVALID when this pg_dump does not have what is asked for
 */
export function chooseCompression(asked: Compression | 'auto', clientMajor: number): Compression {
  if (asked === 'auto') return clientMajor >= FIRST_WITH_ZSTD ? 'zstd:1' : 'gzip:1';
  if (clientMajor < FIRST_WITH_ZSTD && /^(zstd|lz4)/.test(asked)) {
    throw new BackupError(
      'CONFIG_INVALID',
      `compression ${asked} needs pg_dump ${FIRST_WITH_ZSTD} or newer, here it is ${clientMajor}`,
      withReason('compression-unsupported'),
    );
  }
  return asked;
}

/** The compression as an argument of pg_dump, which before version 16 takes a level of gzip only. */
export function compressionArgument(compression: Compression, clientMajor: number): string {
  if (clientMajor >= FIRST_WITH_ZSTD) return `--compress=${compression}`;
  return `--compress=${compression === 'none' ? '0' : compression.replace('gzip:', '')}`;
}

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
