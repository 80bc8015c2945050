import { resolve } from 'node:path';
import fsExtra from 'fs-extra';
import {
  BackupError,
  errorText,
  parseTimestamp,
  selectSetToRestore,
  type ReadableArtifact,
  type RunTimestamp,
  type SetCopy,
} from '@geolens/backup-core';
import type { CommandContext } from '../services.ts';
import { chooseStores } from './choose-stores.ts';

export interface StagingFlags {
  readonly store?: string;
  readonly stagingTo?: string;
  readonly stagingFrom?: string;
  /** `false` with `--no-staging`. */
  readonly staging: boolean;
}

interface ChosenStaging {
  readonly archive: ReadableArtifact | undefined;
  /** `undefined` if the files are not restored. */
  readonly folder: string | undefined;
  readonly notes: readonly string[];
}

/**
 * Chooses the staging archive and the target folder. Defaults to the archive of the same run and STAGING_DIR.
 * The default requires a writable folder and a restore of the whole live database.
 */
export async function chooseStaging(
  context: CommandContext,
  source: SetCopy,
  flags: StagingFlags,
  whole: boolean,
): Promise<ChosenStaging> {
  const nothing = (...notes: readonly string[]): ChosenStaging => ({
    archive: undefined,
    folder: undefined,
    notes,
  });
  if (!flags.staging) {
    if (flags.stagingTo === undefined && flags.stagingFrom === undefined) return nothing();
    throw new BackupError(
      'CONFIG_INVALID',
      '--no-staging leaves the files alone, --staging-to and --staging-from restore them',
      { hint: 'Leave out what is not meant' },
    );
  }
  const named =
    flags.stagingFrom === undefined ? undefined : await archiveNamed(context, flags.stagingFrom, flags);
  const archive = named ?? source.artifacts.staging;
  const asked = flags.stagingTo !== undefined || named !== undefined;
  if (!asked && (!whole || archive === undefined)) return nothing();
  if (archive === undefined)
    throw new BackupError('CONFIG_INVALID', `${source.label} has no staging archive`, {
      hint: 'Name that of another run with --staging-from, or leave --staging-to out',
    });
  const folder = flags.stagingTo === undefined ? context.config.stagingDir : resolve(flags.stagingTo);
  if (asked) return { archive, folder, notes: [] };
  const refusal = (await fsExtra.pathExists(folder))
    ? await context.services.stagingRestorer.refusal(folder).catch(errorText)
    : `the folder ${folder} does not exist`;
  return refusal === undefined
    ? { archive, folder, notes: [] }
    : nothing(`the staging files are left alone: ${refusal}; --staging-to unpacks them elsewhere`);
}

async function archiveNamed(
  context: CommandContext,
  what: string,
  flags: StagingFlags,
): Promise<ReadableArtifact> {
  const timestamp = parseTimestamp(what);
  if (timestamp === undefined) return context.services.files.archive(resolve(what));
  const { copy } = await findSet(context, timestamp, flags.store);
  if (copy.artifacts.staging !== undefined) return copy.artifacts.staging;
  throw new BackupError('CONFIG_INVALID', `--staging-from ${what}: ${copy.label} has no staging archive`, {
    hint: 'Name a run that has one, see geolens-backup list',
  });
}

/**
 * Returns the copy of a set to restore, and notes on the copies that it skipped.
 * @throws BackupError SET_NOT_FOUND if no store has a matching set
 */
export function findSet(
  { services, config, signal }: CommandContext,
  wanted: 'latest' | RunTimestamp,
  store = 'all',
): Promise<{ readonly copy: SetCopy; readonly notes: readonly string[] }> {
  return selectSetToRestore(chooseStores(services.stores, store), {
    wanted,
    database: config.connection.database,
    now: services.clock.now(),
    primary: services.primary,
    cipher: services.readCipher,
    signal,
  });
}
