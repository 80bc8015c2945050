import { isBackupError, type ArtifactContent } from '@geolens/backup-core';
import type { ProgramEnvironment } from '@geolens/backup-system';
import { newestOf, type PostgresPrograms } from '../connection/postgres-programs.ts';
import { readToc, type Toc } from '../restore/toc/toc.ts';

/** What a pg_restore says of a dump whose format is newer than itself. */
const TOO_NEW = /unsupported version \(\d+\.\d+\) in file header/;

/**
 * Reads a dump’s table of contents with the newest pg_restore there is, which understands whatever an older
 * one does.
 * @returns the contents, or why they are `unknown` here
 * @throws BackupError ARTIFACT_UNREADABLE when the dump is damaged
 */
export async function readByNewest(
  dump: ArtifactContent,
  clients: readonly PostgresPrograms[],
  env: ProgramEnvironment,
  signal: AbortSignal,
): Promise<Toc | { readonly lacking: string }> {
  const newest = newestOf(clients);
  try {
    return await readToc(dump, { pgRestore: newest.pgRestore, env: { ...env, LC_ALL: 'C' }, signal });
  } catch (error) {
    if (!isBackupError(error, 'ARTIFACT_UNREADABLE') || !TOO_NEW.test(error.message)) throw error;
    return {
      lacking: `the dump is of a newer form than pg_restore ${newest.version} knows, which is the newest on this machine (${error.message}). Install the PostgreSQL that wrote it`,
    };
  }
}
