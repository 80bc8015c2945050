import { isBackupError, type DumpRestorer, type StagingRestorer, type Sweeper } from '@geolens/backup-core';

export interface LeftoverParts {
  readonly restorer: DumpRestorer;
  readonly stagingRestorer: StagingRestorer;
  readonly database: string;
  readonly stagingDir: string;
}

/** What a restore that died has left: a database beside the live one, and files that were being swapped. */
export function restoreLeftovers({ restorer, stagingRestorer, database, stagingDir }: LeftoverParts): Sweeper {
  return {
    sweep: async ({ signal = new AbortController().signal } = {}) => {
      const files = await stagingRestorer.recover(stagingDir);
      try {
        const session = await restorer.open(database, { exclusive: true, signal });
        await session.close();
        return [...files, ...session.recovered];
      } catch (error) {
        // A server that is away is told by whoever needs it; a restore that goes on elsewhere has left nothing yet.
        if (isBackupError(error, 'DATABASE_UNREACHABLE', 'DATABASE_FORBIDDEN', 'CLIENT_TOO_OLD', 'PROGRAM_MISSING', 'LOCK_HELD')) return files;
        throw error;
      }
    },
  };
}
