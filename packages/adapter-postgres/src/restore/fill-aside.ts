import { BackupError, isBackupError, throwIfAborted, withReason } from '@geolens/backup-core';
import type { RestoreJob } from './session-parts.ts';
import { createAside, dropAside } from './aside-database.ts';
import { disableEventTriggers } from './event-triggers.ts';
import { turnsOf } from './extension-rows.ts';
import { fillByOwners } from './fill-by-owners.ts';
import { makeExtensions } from './extensions.ts';
import { Owners } from './owners.ts';
import { isUnresolvedIndex, secondTry } from './second-try.ts';
import type { Rights } from './rights/rights.ts';
import { searchPathOf } from './search-path.ts';
import { checksLast, entriesByTurn, isOfEntry, restoreEntries, restoreFailed } from './run-entries.ts';
import type { TocEntry } from './toc/toc.ts';
import { tablespaceArguments } from './tablespaces.ts';

/** The result of filling an empty database. */
interface Filled {
  /** Entries that required the search_path of the database. */
  readonly repeated: readonly string[];
  readonly searchPath: string;
  /** Further notes for the operator. */
  readonly notes: readonly string[];
  /** Entries that could not be restored, one sentence each. */
  readonly failures: readonly string[];
}

interface FillRequest {
  readonly owners: Owners;
  readonly rights: Rights | undefined;
  readonly furtherArguments?: readonly string[];
  /** Whether to return failures; otherwise they are an error. */
  readonly keepGoing?: boolean | undefined;
}

/** Matches errors of a server or a disk that fails all later statements. */
const IS_MACHINE =
  /No space left on device|Disk quota exceeded|disk full|server closed the connection|terminating connection|the database system is/;

/** An error that takes as long to find again, and is the same with one session. */
const DUPLICATE = 'could not create unique index';

/**
 * Restores the dump into an empty database, except entries that must follow the privileges. After a failure
 * with several sessions, restarts with one: only that result is a verdict on the dump. Disables event
 * triggers that extensions created.
 */
export async function fillAside(job: RestoreJob, aside: string, request: FillRequest): Promise<Filled> {
  const { server, database, sessions, signal } = job;
  const isOne = sessions === 1 || job.input.dump.path === undefined;
  const once = (session: RestoreJob, collect: boolean): Promise<Filled> =>
    fillOnce(session, aside, { ...request, collect });
  try {
    return expectAll(await once(job, isOne), isOne ? request : {});
  } catch (error) {
    const isFinal = isOne || (request.keepGoing !== true && isSameWithOne(error));
    if (isFinal || !isBackupError(error, 'RESTORE_FAILED')) throw error;
    throwIfAborted(signal);
    await dropAside(server, aside);
    await createAside(server, database, aside, job.input.manifest);
    const filled = expectAll(await once({ ...job, sessions: 1 }, true), request);
    const note = `restored with one session, for ${sessions} sessions at once failed: ${error.message}`;
    return { ...filled, notes: [...filled.notes, note] };
  }
}

function isSameWithOne(error: unknown): boolean {
  return error instanceof Error && (IS_MACHINE.test(error.message) || error.message.includes(DUPLICATE));
}

/** Maximum number of failures in the message of an error; its details have all of them. */
const SHOWN = 20;

/** @throws BackupError RESTORE_FAILED with all failures, unless `keepGoing` is set */
function expectAll(filled: Filled, { keepGoing = false }: Pick<FillRequest, 'keepGoing'>): Filled {
  const { failures } = filled;
  if (failures.length === 0 || keepGoing) return filled;
  throw new BackupError(
    'RESTORE_FAILED',
    `the dump could not be restored: ${failures.slice(0, SHOWN).join(' | ')}${failures.length > SHOWN ? ` | and ${failures.length - SHOWN} more objects` : ''}`,
    withReason('objects-not-restored', { problems: failures }),
  );
}

/** Fills the database once. The first error ends it, unless errors are collected. */
async function fillOnce(
  job: RestoreJob,
  aside: string,
  {
    owners,
    rights,
    furtherArguments = [],
    keepGoing = false,
    collect,
  }: FillRequest & { readonly collect: boolean },
): Promise<Filled> {
  const failures: string[] = [];
  const onError = collect ? (error: string): void => void failures.push(error) : undefined;
  const tablespaces = await tablespaceArguments(job.server, job.toc);
  const args = [...owners.args, ...tablespaces.args, ...furtherArguments];
  const extensions = await makeExtensions(job, { target: aside, args });
  await disableEventTriggers(job.server, aside);
  const notes = [...extensions.notes, ...tablespaces.notes];
  const { first } = entriesByTurn(job);
  const isRestored = ({ kind }: TocEntry): boolean =>
    kind !== 'USER MAPPING' || job.options.foreignServers !== false;
  const entries = first.filter((entry) => !extensions.made.has(entry) && isRestored(entry));
  const unresolved: string[] = [];
  const passOver = (error: string): boolean =>
    !collect && isUnresolvedIndex(error) && unresolved.push(error) > 0;
  const restoreTurn = (turn: readonly TocEntry[], sessions: number): Promise<void> =>
    restoreEntries(job, aside, { entries: turn, args, sessions, progress: true, passOver, onError });
  const withRows = !furtherArguments.includes('--schema-only');
  if (owners.byLogins)
    await fillByOwners(job, aside, {
      entries,
      args,
      passOver,
      onError,
      unprivileged: owners.unprivileged,
      rights,
      withRows,
    });
  else {
    const turns = withRows ? await turnsOf(job, entries) : undefined;
    if (turns !== undefined) {
      await restoreTurn(turns.definitions, 1);
      await restoreTurn(turns.extensionRows, 1);
    }
    for (const turn of checksLast(turns?.rest ?? entries)) await restoreTurn(turn, job.sessions);
  }
  // A server without disk space or connection fails all later statements.
  const last = failures.find((failure) => IS_MACHINE.test(failure));
  if (last !== undefined) throw restoreFailed(last);
  if (unresolved.length === 0 && failures.length === 0)
    return { repeated: [], searchPath: '', notes, failures };
  const searchPath = await searchPathOf(job, rights);
  const { made, left } = await secondTry(job, aside, {
    entries,
    failures: onceForEntry(failures, job.toc.entries),
    args,
    owners,
    searchPath,
    keepGoing,
  });
  return { repeated: made, searchPath, notes, failures: left };
}

/** Keeps only the first failure of each entry. */
function onceForEntry(failures: readonly string[], entries: readonly TocEntry[]): readonly string[] {
  const seen = new Set<TocEntry>();
  return failures.filter((failure) => {
    const entry = entries.find((one) => isOfEntry(failure, one));
    if (entry === undefined) return true;
    const isNew = !seen.has(entry);
    seen.add(entry);
    return isNew;
  });
}
