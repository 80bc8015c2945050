import {
  isBackupError,
  type DumpRestorer,
  type StagingRestorer,
  type OrphanCleaner,
} from '@geolens/backup-core';

/**
 * Cleans up after a restore of files that died. Separate from the database's: the failure of one does not
 * stop the other.
 */
export function orphanedStaging(restorer: StagingRestorer, folder: string): OrphanCleaner {
  return { cleanUp: ({ onWarning } = {}) => restorer.recover(folder, { onWarning }) };
}

/** Cleans up after a restore of the database that died: another database beside the live one. */
export function orphanedDatabases(restorer: DumpRestorer, database: string): OrphanCleaner {
  return {
    cleanUp: async ({ signal = new AbortController().signal } = {}) => {
      try {
        const session = await restorer.open(database, { exclusive: true, signal });
        await session.close();
        return session.recovered;
      } catch (error) {
        // The next step that needs the server reports why it cannot be used. A restore that goes on elsewhere
        // has left nothing yet.
        if (
          isBackupError(
            error,
            'DATABASE_UNREACHABLE',
            'DATABASE_FORBIDDEN',
            'CLIENT_TOO_OLD',
            'PROGRAM_MISSING',
            'LOCK_HELD',
          )
        )
          return [];
        throw error;
      }
    },
  };
}
