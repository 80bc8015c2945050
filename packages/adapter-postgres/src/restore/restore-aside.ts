import {
  BackupError,
  isBackupError,
  throwIfAborted,
  withReason,
  type Restored,
  type RestoredAside,
  type RestoreInput,
} from '@geolens/backup-core';
import { asideName, createAside, dropAside } from './aside-database.ts';
import { disableEventTriggers, enableEventTriggers } from './event-triggers.ts';
import { executeEach } from './execute.ts';
import { exposureOf, namesOf } from './exposure.ts';
import { turnsOf } from './extension-rows.ts';
import { fillByOwners } from './fill-by-owners.ts';
import { makeExtensions } from './make-extensions.ts';
import { Owners } from './owners.ts';
import { isUnresolvedIndex, secondTry, secondTryNotes } from './second-try.ts';
import type { SessionParts } from './session-parts.ts';
import type { Preparation } from './prepare.ts';
import { applyProperties, connectionLimitOf } from './rights/properties.ts';
import {
  applyRights,
  findRights,
  makeLackingRoles,
  isOfEventTrigger,
  refusalText,
  type Rights,
} from './rights/rights.ts';
import { countRestored } from './row-counts.ts';
import { searchPathOf } from './search-path.ts';
import {
  checksLast,
  describeFailures,
  entriesByTurn,
  isOfEntry,
  restoreEntries,
  restoreFailed,
} from './run-entries.ts';
import { gatherStatistics } from './statistics.ts';
import { swapDatabases } from './swap-databases.ts';
import type { TocEntry } from './toc/toc.ts';
import { tablespaceArguments } from './tablespaces.ts';
import { fillViews } from './view-content.ts';

/**
 * Restores into a new database beside the live one, which stays as it is. Objects get their owners as they
 * are made, and privileges before anything is run that belongs to an owner: materialized views, statistics.
 */
export async function restoreAside(
  parts: SessionParts,
  input: RestoreInput,
  preparation: Preparation,
): Promise<RestoredAside> {
  const { database, observer } = parts;
  const step = (name: string): void => observer?.({ event: 'step', step: name });
  const count = (): ReturnType<typeof countRestored> => {
    step('count');
    return countRestored(parts, aside);
  };
  const rights = await findRights(parts, preparation);
  const { aside, withheld } = await makeAside(parts, input, preparation);
  try {
    await using owners = await Owners.prepare(parts, preparation);
    const { keepGoing = false } = input;
    step('restore');
    const filled = await fillAside(parts, input, preparation, aside, { owners, rights, keepGoing });
    await owners.handOver(aside);
    // An owner may lack the privilege to read what it owns, and policies may hide rows from it.
    const early = parts.server.superuser ? undefined : await count();
    step('rights');
    const applied = await applyRights(parts, preparation, aside, rights, { goOn: keepGoing });
    const searchPath = await searchPathOf(parts, rights);
    const views = await fillViews(parts, preparation, aside, {
      rights,
      unprivileged: owners.unprivileged,
      searchPath,
      keepGoing,
    });
    const exposed = namesOf(exposureOf(preparation.toc.entries, owners.unprivileged));
    const analyzed =
      parts.options.statistics === false ? [] : await gatherStatistics(parts, aside, searchPath, exposed);
    const counts = early ?? (await count());
    const eventTriggers = await makeEventTriggers(parts, input, preparation, aside, rights);
    await parts.server.within(aside, 'enabling event triggers', (client) =>
      enableEventTriggers(client, parts.server),
    );
    const settings = await applyProperties(parts, preparation, aside, rights);
    return asideOf(parts, aside, {
      ...counts,
      notes: [
        ...filled.notes,
        ...secondTryNotes(filled.repeated, filled.searchPath),
        ...applied.notes,
        ...owners.notes,
        ...analyzed,
        ...settings.notes,
      ],
      incomplete: [
        ...describeFailures(filled.failures, preparation.toc.entries),
        ...withheldNotes([...withheld, ...applied.withheld, ...settings.withheld]),
        ...applied.refused,
        ...eventTriggers,
        ...views,
      ],
    });
  } catch (error) {
    await undo(parts, aside);
    throw error;
  }

  function asideOf({ server: on }: SessionParts, name: string, restored: Restored): RestoredAside {
    let settled = false;
    return {
      ...restored,
      swap: async () => {
        const previous = await swapDatabases(on, {
          database,
          aside: name,
          connectionLimit: connectionLimitOf(rights),
          now: new Date(),
        });
        settled = true;
        return { previous };
      },
      discard: async () => {
        if (!settled) await undo(parts, name);
        settled = true;
      },
    };
  }
}

export function withheldNotes(withheld: readonly string[]): readonly string[] {
  return withheld.map((what) => `${what} was left out: the set does not come from the volume`);
}

/** An empty database beside the live one, with the roles that the dump names on the server. */
export async function makeAside(
  parts: SessionParts,
  { manifest }: RestoreInput,
  preparation: Preparation,
): Promise<{ readonly aside: string; readonly withheld: readonly string[] }> {
  const { server, database, observer } = parts;
  observer?.({ event: 'step', step: 'create' });
  const { withheld } = await makeLackingRoles(parts, preparation);
  const aside = parts.options.asideName ?? asideName(database, new Date());
  try {
    await createAside(server, database, aside, manifest);
  } catch (error) {
    await undo(parts, aside); // the answer may have been lost, not the database
    throw error;
  }
  return { aside, withheld };
}

/** How an empty database was filled. */
export interface Filled {
  /** Entries that were made with the search_path of the database, because they could not be made without. */
  readonly repeated: readonly string[];
  readonly searchPath: string;
  /** What people should know besides. */
  readonly notes: readonly string[];
  /** What could not be restored, one sentence each. */
  readonly failures: readonly string[];
}

export interface FillRequest {
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
export async function fillAside(
  parts: SessionParts,
  input: RestoreInput,
  preparation: Preparation,
  aside: string,
  request: FillRequest,
): Promise<Filled> {
  const { server, database, sessions, signal } = parts;
  const isOne = sessions === 1 || input.dump.path === undefined;
  const once = (session: SessionParts, collect: boolean): Promise<Filled> =>
    fillOnce(session, input, preparation, aside, { ...request, collect });
  try {
    return expectAll(await once(parts, isOne), isOne ? request : {});
  } catch (error) {
    const isFinal = isOne || (request.keepGoing !== true && isSameWithOne(error));
    if (isFinal || !isBackupError(error, 'RESTORE_FAILED')) throw error;
    throwIfAborted(signal);
    await dropAside(server, aside);
    await createAside(server, database, aside, input.manifest);
    const filled = expectAll(await once({ ...parts, sessions: 1 }, true), request);
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
  parts: SessionParts,
  input: RestoreInput,
  preparation: Preparation,
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
  const tablespaces = await tablespaceArguments(parts.server, preparation.toc);
  const args = [...owners.args, ...tablespaces.args, ...furtherArguments];
  const extensions = await makeExtensions(parts, input, preparation, { target: aside, args });
  await disableEventTriggers(parts.server, aside);
  const notes = [...extensions.notes, ...tablespaces.notes];
  const { first } = entriesByTurn(preparation);
  const isRestored = ({ kind }: TocEntry): boolean =>
    kind !== 'USER MAPPING' || parts.options.foreignServers !== false;
  const entries = first.filter((entry) => !extensions.made.has(entry) && isRestored(entry));
  const unresolved: string[] = [];
  const passOver = (error: string): boolean =>
    !collect && isUnresolvedIndex(error) && unresolved.push(error) > 0;
  const restoreTurn = (turn: readonly TocEntry[], sessions: number): Promise<void> =>
    restoreEntries(parts, input, preparation, aside, {
      entries: turn,
      args,
      sessions,
      progress: true,
      passOver,
      onError,
    });
  const withRows = !furtherArguments.includes('--schema-only');
  if (owners.byLogins)
    await fillByOwners(parts, input, preparation, aside, {
      entries,
      args,
      passOver,
      onError,
      unprivileged: owners.unprivileged,
      rights,
      withRows,
    });
  else {
    const turns = withRows ? await turnsOf(parts, input, entries) : undefined;
    if (turns !== undefined) {
      await restoreTurn(turns.definitions, 1);
      await restoreTurn(turns.extensionRows, 1);
    }
    for (const turn of checksLast(turns?.rest ?? entries)) await restoreTurn(turn, parts.sessions);
  }
  // A server that is out of disk space or gone fails at everything that follows.
  const last = failures.find((failure) => IS_MACHINE.test(failure));
  if (last !== undefined) throw restoreFailed(last);
  if (unresolved.length === 0 && failures.length === 0)
    return { repeated: [], searchPath: '', notes, failures };
  const searchPath = await searchPathOf(parts, rights);
  const { made, left } = await secondTry(parts, input, preparation, aside, {
    entries,
    failures: onceForEntry(failures, preparation.toc.entries),
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

/**
 * Event triggers belong to superusers: the restoring one, or the one of the set where the server has it as
 * such.
 * @returns the owners that the server refused, one sentence each
 */
export async function makeEventTriggers(
  parts: SessionParts,
  input: RestoreInput,
  preparation: Preparation,
  aside: string,
  rights: Rights | undefined,
): Promise<readonly string[]> {
  const { eventTriggers } = entriesByTurn(preparation);
  if (eventTriggers.length === 0) return [];
  await restoreEntries(parts, input, preparation, aside, {
    entries: eventTriggers,
    args: ['--no-owner'],
    sessions: 1,
  });
  const statements = rights?.globals.owners.filter(isOfEventTrigger) ?? [];
  const { refused } = await parts.server.within(aside, 'giving event triggers their owners', (client) =>
    executeEach(client, statements, () => true),
  );
  return refused.map(refusalText);
}

/**
 * Removes the database that was to take the other's place; what cannot be removed now, the next restore or
 * run removes.
 */
export async function undo({ server }: Pick<SessionParts, 'server'>, aside: string): Promise<void> {
  await dropAside(server, aside).catch(() => undefined);
}
