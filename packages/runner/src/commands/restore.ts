import { resolve } from 'node:path';
import {
  BackupError,
  errorText,
  isBackupError,
  parseTimestamp,
  recipientOf,
  restore as restoreCopy,
  type FilesMode,
  type RestoreMode,
  type RestorePlan,
  type RestoreReport,
  type SetCopy,
} from '@geolens/backup-core';
import { failedTestText, withStaging } from '@geolens/backup-core/internal';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { logRestore, logRestoreReport } from '../present/log-restore.ts';
import { confirmed } from '../present/confirm.ts';
import { replacementText } from '../present/replacement.ts';
import { restoreReportJson, restoreReportText } from '../present/restore-report.ts';
import { jsonText } from '../present/units.ts';
import type { CommandContext } from '../services.ts';
import { recordKeyChecks } from '../status/key-checks.ts';
import { checkFolder, isWithin } from '../config/check-folder.ts';
import { reported } from './reported.ts';
import { chooseStaging, findSet, type StagingFlags } from './choose-staging.ts';

export interface RestoreFlags extends StagingFlags {
  readonly store?: string;
  readonly into?: string;
  readonly inPlace: boolean;
  readonly filesOnly?: boolean;
  readonly table: readonly string[];
  readonly schema: readonly string[];
  readonly withDependents: boolean;
  readonly dropPrevious: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly force: boolean;
  readonly allowPrivilegedRoles: boolean;
  readonly keepGoing: boolean;
  readonly json: boolean;
}

/** Implements `restore`: restores the database or tables, and the staging files, from a set or a file. */
export async function restore(context: CommandContext, what: string, flags: RestoreFlags): Promise<ExitCode> {
  const { config, services, io, log, redact, signal } = context;
  const mode = modeOf(flags);
  await checkFolder(config);
  const database = flags.into ?? config.connection.database;
  const found = await find(context, what, flags);
  const filesTo = mode.kind === 'files' ? { stagingTo: flags.stagingTo ?? config.stagingDir } : {};
  const staging = await chooseStaging(
    context,
    found.copy,
    { ...flags, ...filesTo },
    mode.kind !== 'tables' && database === config.connection.database,
  );
  for (const note of [...found.notes, ...staging.notes]) log.warn('restore.note', note);
  const { dropPrevious, dryRun, force, allowPrivilegedRoles, keepGoing } = flags;
  const source = withStaging(found.copy, staging.archive);
  const where =
    mode.kind === 'files'
      ? (staging.folder ?? '?')
      : `database "${database}" on ${config.connection.host}:${config.connection.port}`;
  const target = `${source.label} into ${where}`;
  const fields = { database, source: source.label };
  log.info('restore.started', `checking the restore of ${target}`, fields);
  const observer = logRestore(log, io.terminal);
  try {
    const request = {
      source,
      mode,
      database,
      stagingTo: staging.folder,
      dropPrevious,
      dryRun,
      force,
      allowPrivilegedRoles,
      keepGoing,
    };
    const confirm = async (plan: RestorePlan): Promise<boolean> => {
      const question = `${replacementText(plan, services.clock.now())}\n${questionOf(plan, dropPrevious)}`;
      const isConfirmed = await confirmed(context, question, flags.yes);
      if (isConfirmed) log.info('restore.confirmed', `restoring ${target}`, fields);
      return isConfirmed;
    };
    const report = await reported(context, 'restore', () =>
      restoreCopy(services, request, { signal, observer, confirm }),
    );
    io.terminal?.status('');
    logRestoreReport(log, report);
    const { readCipher } = services;
    if (report.outcome === 'restored')
      await recordKeyChecks(context, [
        readCipher && recipientOf(readCipher, report.source.manifest?.encryption),
      ]);
    io.stdout(flags.json ? jsonText(restoreReportJson(report, redact)) : restoreReportText(report));
    return exitCodeOfRestore(report);
  } finally {
    io.terminal?.status('');
  }
}

/** Returns the exit code. Damage takes precedence, even if only files are damaged. */
function exitCodeOfRestore({ errors, restored, filesLeftOut }: RestoreReport): ExitCode {
  if (errors.some((error) => isBackupError(error, 'ARTIFACT_UNREADABLE'))) return EXIT.badArtifact;
  return errors.length + filesLeftOut.length + (restored?.incomplete.length ?? 0) === 0
    ? EXIT.done
    : EXIT.partly;
}

function modeOf(flags: RestoreFlags): RestoreMode | FilesMode {
  const { inPlace, table: tables, schema: schemas, withDependents, filesOnly, into, staging } = flags;
  if (filesOnly === true) {
    if (!inPlace && tables.length + schemas.length === 0 && into === undefined && staging && !withDependents)
      return { kind: 'files' };
    throw new BackupError('CONFIG_INVALID', '--files-only restores the staging files and no database', {
      hint: 'Leave out --into, --in-place, --table, --schema, --with-dependents and --no-staging',
    });
  }
  if (withDependents && tables.length + schemas.length === 0)
    throw new BackupError('CONFIG_INVALID', '--with-dependents needs --table or --schema', {
      hint: 'Omit it: a restore of the whole database restores all objects',
    });
  if (tables.length + schemas.length === 0) return { kind: inPlace ? 'in-place' : 'aside' };
  if (inPlace)
    throw new BackupError('CONFIG_INVALID', '--in-place restores the whole database', {
      hint: 'Leave it out with --table or --schema, which work on the live database anyway',
    });
  return { kind: 'tables', tables, schemas, withDependents };
}

interface FoundCopy {
  readonly copy: SetCopy;
  readonly notes: readonly string[];
}

/** Finds the copy to restore. A timestamp or `latest` names a set; anything else is the path of a file. */
async function find(context: CommandContext, what: string, flags: RestoreFlags): Promise<FoundCopy> {
  const timestamp = parseTimestamp(what);
  if (what === 'latest' || timestamp !== undefined)
    return findSet(context, timestamp ?? 'latest', flags.store);
  const { services, config } = context;
  const path = resolve(what);
  const copy = await services.files.dump(path);
  const { restoreTest } = copy.checks;
  const isSigned = config.signing.trustedKeys === undefined || copy.warnings.length === 0;
  return {
    // Only this program writes to the volume, so its files are as trusted as its sets.
    copy: { ...copy, trusted: isSigned && (await isWithin(path, config.backupDir)) },
    notes: restoreTest?.outcome === 'failed' ? [failedTestText('this set', restoreTest)] : [],
  };
}

function questionOf(
  { source, mode, database, exists, stagingTo, errors }: RestorePlan,
  dropPrevious: boolean,
): string {
  const after = dropPrevious ? 'removed afterwards' : 'kept under another name';
  const how = {
    files: `The files in ${stagingTo ?? '?'} will be replaced, and ${after}`,
    aside: exists
      ? `Database "${database}" will be replaced, and ${after}`
      : `Database "${database}" will be made`,
    'in-place': `Database "${database}" will be changed in place, object by object`,
    tables:
      mode.kind === 'tables'
        ? `In database "${database}" will be replaced: ${[...mode.tables, ...mode.schemas.map((schema) => `all tables of ${schema}`)].join(', ')}`
        : '',
  }[mode.kind];
  const problem = errors.map(errorText).join('; ');
  const files =
    stagingTo === undefined || mode.kind === 'files'
      ? ''
      : problem === ''
        ? `, and the files in ${stagingTo}`
        : `, but NOT the files in ${stagingTo} (${problem})`;
  return `${how}${files}, from ${source.label}.\n${mode.kind === 'files' ? '' : 'Sessions that use it will be ended. '}Go on?`;
}
