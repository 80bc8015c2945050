import { BackupError, throwIfAborted, toBackupError } from '../base/errors.ts';
import type { KeptContent, RestoreSession } from '../ports/dump-restorer.ts';
import type { RestoreParts } from './restore-context.ts';

/** Dependencies of the clean-up of kept content. */
export type KeptParts = Pick<RestoreParts, 'restorer' | 'stagingRestorer' | 'lock'>;

/** A database or a folder that a restore kept. */
export interface Kept extends KeptContent {
  readonly kind: 'database' | 'folder';
}

/** Where to look for kept content. */
export interface KeptRequest {
  /** Name of the live database. */
  readonly database: string;
  /** Folder of the staging files. */
  readonly folder: string;
  /** Whether to list without removing. Needs no lock. */
  readonly dryRun: boolean;
}

/** Callbacks of the clean-up. */
export interface KeptOptions {
  readonly signal: AbortSignal;
  /** Called before the first removal, unless there is nothing to remove. A result of `false` ends it. */
  readonly confirm?: ((kept: readonly Kept[]) => Promise<boolean>) | undefined;
}

/** Result of the clean-up. */
export interface KeptReport {
  /** Kept content before the clean-up, oldest first. */
  readonly kept: readonly Kept[];
  /** Names of removed content. */
  readonly removed: readonly string[];
  /** What the server reported about content that stays. */
  readonly warnings: readonly string[];
  /** Why the server or the folder could not be read, and why content could not be removed. */
  readonly errors: readonly BackupError[];
}

/**
 * Removes the databases and folders that restores kept. A failure of one does not stop the others.
 * @throws BackupError LOCK_HELD if another process works on the volume or restores the database
 * @throws BackupError ABORTED if it is not confirmed, or the signal fires
 */
export async function cleanUpKept(
  parts: KeptParts,
  request: KeptRequest,
  { signal: stop, confirm }: KeptOptions,
): Promise<KeptReport> {
  if (request.dryRun) return withSession(parts, request, stop, (found) => Promise.resolve(found));
  const lease = await parts.lock.acquire({ command: 'cleanup' }, { signal: stop });
  const signal = AbortSignal.any([stop, lease.lost]);
  try {
    return await withSession(parts, request, signal, async (found, session) => {
      const { kept, errors, ...report } = found;
      if (kept.length > 0 && confirm !== undefined && !(await confirm(kept)))
        throw new BackupError('ABORTED', 'the clean-up was not confirmed; nothing was changed');
      const removed: string[] = [];
      const warnings: string[] = [];
      for (const { kind, name } of kept) {
        throwIfAborted(signal);
        try {
          if (kind === 'folder') await parts.stagingRestorer.dropPrevious(name);
          const dropped = kind === 'database' ? await session?.dropPrevious(name) : undefined;
          warnings.push(...(dropped?.warnings ?? []));
          if (dropped?.dropped !== false) removed.push(name);
        } catch (error) {
          throwIfAborted(signal);
          errors.push(toBackupError(error));
        }
      }
      return { ...report, kept, removed, warnings, errors };
    });
  } finally {
    await lease.release();
  }
}

type Found = KeptReport & { readonly errors: BackupError[] };

async function withSession(
  { restorer, stagingRestorer }: KeptParts,
  { database, folder, dryRun }: KeptRequest,
  signal: AbortSignal,
  work: (found: Found, session: RestoreSession | undefined) => Promise<KeptReport>,
): Promise<KeptReport> {
  const errors: BackupError[] = [];
  const attempt = async <T>(part: Promise<T>): Promise<T | undefined> =>
    part.catch((error: unknown) => {
      throwIfAborted(signal);
      errors.push(toBackupError(error));
      return undefined;
    });
  const session = await attempt(restorer.open(database, { exclusive: !dryRun, signal }));
  try {
    const databases = (session && (await attempt(session.listPrevious()))) ?? [];
    const folders = (await attempt(stagingRestorer.listPrevious(folder))) ?? [];
    const kept = [
      ...databases.map((one): Kept => ({ ...one, kind: 'database' })),
      ...folders.map((one): Kept => ({ ...one, kind: 'folder' })),
    ].sort((one, other) => (one.timestamp < other.timestamp ? -1 : 1));
    return await work({ kept, removed: [], warnings: [], errors }, session);
  } finally {
    await session?.close();
  }
}
