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

/** How an empty database was filled. */
interface Filled {
  /** Entries that were made with the search_path of the database, because they could not be made without. */
  readonly repeated: readonly string[];
  readonly searchPath: string;
  /** What people should know besides. */
  readonly notes: readonly string[];
  /** What could not be restored, one sentence each. */
  readonly failures: readonly string[];
}

interface FillRequest {
  readonly owners: Owners;
  readonly rights: Rights | undefined;
  readonly furtherArguments?: readonly string[];
  /** Whether what cannot be restored is returned; otherwise it is an error. */
  readonly keepGoing?: boolean | undefined;
}

/** A server or a disk that fails at everything that follows. */
const IS_MACHINE =
  /No space left on device|Disk quota exceeded|disk full|server closed the connection|terminating connection|the database system is/;

/** What takes as long again to find out, and is the same with one session. */
const DUPLICATE = 'could not create unique index';

/**
 * Restores the dump into an empty database, without what has to come after the privileges. What fails with
 * several sessions is tried again from the beginning with one: only that is a verdict on the dump. Event
 * triggers that extensions have brought are disabled then.
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

/** Failures that the message of an error names; all are in its details. */
const SHOWN = 20;

/** @throws BackupError RESTORE_FAILED with all that could not be restored, unless it keeps going */
function expectAll(filled: Filled, { keepGoing = false }: Pick<FillRequest, 'keepGoing'>): Filled {
  const { failures } = filled;
  if (failures.length === 0 || keepGoing) return filled;
  throw new BackupError(
    'RESTORE_FAILED',
    `the dump could not be restored: ${failures.slice(0, SHOWN).join(' | ')}${failures.length > SHOWN ? ` | and ${failures.length - SHOWN} more objects` : ''}`,
    withReason('objects-not-restored', { problems: failures }),
  );
}

/** The first error ends it, unless errors are collected. */
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
  // A server that is out of disk space or gone fails at everything that follows.
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

/** What an entry failed with first counts. */
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
