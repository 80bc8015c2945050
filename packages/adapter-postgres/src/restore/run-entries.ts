import { BackupError, withReason } from '@geolens/backup-core';
import type { RestoreJob } from './session-parts.ts';
import { connectionString } from '../connection/program-connection.ts';
import { decoderFor } from '../connection/postgres-encodings.ts';
import { restoreErrorWithoutValues } from '../connection/program-messages.ts';
import { unlinkedTemporaryFile } from '../dump/unlinked-temporary-file.ts';
import type { ActingAs } from './owner-logins.ts';
import { isOfStatement } from './execute.ts';
import { isSettingOfNewerClient } from './newer-client.ts';
import { endedWell, runPgRestore } from './pg-restore.ts';
import type { Preparation } from './prepare.ts';
import { sanitized, useList, type TocEntry } from './toc/toc.ts';

/** Start of entries for content of materialized views: these are filled as their owners, after privileges. */
const VIEW_CONTENT = 'MATERIALIZED VIEW DATA ';

/** Matches event triggers and the entries that depend on them. */
const EVENT_TRIGGER = /^(?:(?:COMMENT|SECURITY LABEL) - )?EVENT TRIGGER /;

/** The entries of a dump in three parts, each in the order of the dump. */
export interface EntriesByTurn {
  /** Entries before owners and privileges. */
  readonly first: readonly TocEntry[];
  /** Content of materialized views. */
  readonly views: readonly TocEntry[];
  /** Entries that come last: our statements must not fire an event trigger. */
  readonly eventTriggers: readonly TocEntry[];
}

export function entriesByTurn({ toc: { entries } }: Preparation): EntriesByTurn {
  return {
    first: entries.filter(({ text }) => !text.startsWith(VIEW_CONTENT) && !EVENT_TRIGGER.test(text)),
    views: entries.filter(({ text }) => text.startsWith(VIEW_CONTENT)),
    eventTriggers: entries.filter(({ text }) => EVENT_TRIGGER.test(text)),
  };
}

/**
 * Splits entries so that separate checks come after all rows, because rows may violate them. With several
 * sessions, pg_restore does not wait.
 */
export function checksLast(entries: readonly TocEntry[]): readonly (readonly TocEntry[])[] {
  const checks = new Set(entries.filter(({ kind }) => kind === 'CHECK CONSTRAINT'));
  const ids = new Set([...checks].map(({ id }) => id));
  const isLate = (entry: TocEntry): boolean =>
    checks.has(entry) || entry.dependencies.some((id) => ids.has(id));
  return [entries.filter((entry) => !isLate(entry)), entries.filter(isLate)];
}

export interface EntriesRequest {
  readonly entries: readonly TocEntry[];
  readonly args: readonly string[];
  /** Number of parallel sessions. */
  readonly sessions: number;
  /** Role that restores. Defaults to the restoring role. */
  readonly as?: ActingAs | undefined;
  /** Whether to report each entry to the observer. */
  readonly progress?: boolean | undefined;
  /** Returns whether to ignore an error, by its text. */
  readonly passOver?: ((error: string) => boolean) | undefined;
  /** Receives each error, without values, and continues. Without it, the first error ends the restore. */
  readonly onError?: ((error: string) => void) | undefined;
}

/**
 * Restores some entries of the dump into a database.
 * @throws BackupError RESTORE_FAILED at the first error that is not skipped, unless there is `onError`
 */
export async function restoreEntries(
  { server, signal, observer, input: { dump }, programs, toc, restored }: RestoreJob,
  aside: string,
  request: EntriesRequest,
): Promise<void> {
  const { entries, args, sessions, as, progress = false, passOver, onError } = request;
  if (entries.length === 0) return;
  const newer = programs.major > server.major;
  let passedOver = false;
  const isHarmless = (error: string): boolean => {
    const harmless = (newer && isSettingOfNewerClient(error)) || passOver?.(error) === true;
    passedOver ||= harmless;
    return harmless;
  };
  const onEntry = (): void =>
    observer?.({
      event: 'progress',
      step: 'restore',
      done: Math.min(toc.entries.length, (restored.entries += 1)),
      total: toc.entries.length,
      unit: 'entries',
    });
  const list = await unlinkedTemporaryFile(useList(entries));
  try {
    const { end, errors } = await runPgRestore({
      pgRestore: programs.pgRestore,
      args: [
        '--format=custom',
        '--use-list=/dev/fd/3',
        '--no-acl',
        '--verbose',
        ...(dump.path === undefined ? [] : [`--jobs=${sessions}`]),
        ...args,
        ...(as === undefined ? [] : ['--no-owner']),
        ...(as?.role === undefined ? [] : [`--role=${as.role}`]),
        `--dbname=${connectionString(aside)}`,
      ],
      dump,
      env: server.env(aside, as?.credentials),
      signal,
      onEntry: progress ? onEntry : undefined,
      passOver: isHarmless,
      stopAtError: onError === undefined,
      descriptors: [list.fd],
      decode: decoderFor(toc.encoding),
    });
    if (errors.length === 0 && endedWell(end, passedOver)) return;
    const found =
      errors.length === 0
        ? [`pg_restore exited with ${end.code ?? end.endedBy ?? '?'}`]
        : errors.map(restoreErrorWithoutValues);
    if (onError === undefined) throw restoreFailed(found[0] ?? '');
    for (const error of found) onError(error);
  } finally {
    await list.close();
  }
}

const MOST_CHARACTERS = 500;

/** Returns whether a failure names an entry: we name it with its schema, pg_restore without. */
export function isOfEntry(failure: string, { text, kind, name, owner }: TocEntry): boolean {
  const copied = /^COPY failed for table "(.*?)": /.exec(failure)?.[1];
  if (copied !== undefined) return kind === 'TABLE DATA' && name === copied;
  const named = /\(entry (.*?)(?:, statement .*)?\)$/.exec(failure)?.[1];
  return named === text || named === sanitized(`${kind} ${name} ${owner}`);
}

/** Returns one sentence for each failed entry, with the statement that would create it. */
export function describeFailures(
  failures: readonly string[],
  entries: readonly TocEntry[],
): readonly string[] {
  return failures.map((failure) => {
    const found = entries.find((entry) => isOfEntry(failure, entry));
    const definition = found?.definition.replaceAll(/\s+/g, ' ').trim();
    return definition === undefined || definition === '' || definition.length > MOST_CHARACTERS
      ? `not restored: ${failure}`
      : `not restored: ${failure}: ${definition}`;
  });
}

/**
 * Returns the error of a restore that leaves the live database unchanged.
 * @param isOfObject whether everything else could be restored
 */
export function restoreFailed(why: string, cause?: unknown, isOfObject = false): BackupError {
  const options = isOfObject
    ? withReason('objects-not-restored', { problems: [why] })
    : { hint: 'The live database is as it was' };
  return new BackupError('RESTORE_FAILED', `the dump could not be restored: ${why}`, { ...options, cause });
}

/**
 * Executes the statements of an entry.
 * @param onError as in `restoreEntries`
 * @throws BackupError RESTORE_FAILED if one fails and there is no `onError`; the message names the entry
 */
export async function executeEntry(
  { text }: TocEntry,
  work: Promise<unknown>,
  onError: EntriesRequest['onError'],
): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isOfStatement(error)) throw error;
    const why = `could not execute query: ERROR:  ${error.message} (entry ${text})`;
    if (onError === undefined) throw restoreFailed(why, error);
    onError(why);
  }
}
