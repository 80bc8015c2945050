import type pg from 'pg';
import { BackupError, toBackupError, type Restored, withReason } from '@geolens/backup-core';
import { completeRestore, makeEventTriggers, withheldNotes } from './complete-restore.ts';
import type { RestoreJob } from './session-parts.ts';
import { secondTryNotes, isUnresolvedIndex, secondTry } from './second-try.ts';
import { valuesOf } from '../connection/queries.ts';
import { withClient } from '../connection/session.ts';
import { dropEntries } from './drop-entries.ts';
import { disableEventTriggers, enableEventTriggers } from './event-triggers.ts';
import { execute, executeEach } from './execute.ts';
import { makeExtensions } from './extensions.ts';
import { extensionRowsIn, replaceExtensionRows } from './extension-rows.ts';
import { fillByOwners } from './fill-by-owners.ts';
import { Owners } from './owners.ts';
import { defaultPrivilegesOf } from './rights/grants.ts';
import { applyPropertiesInPlace } from './rights/properties.ts';
import { findRights, makeLackingRoles, rightsStatements, type Rights } from './rights/rights.ts';
import { searchPathOf } from './search-path.ts';
import { checksLast, describeFailures, entriesByTurn, restoreEntries } from './run-entries.ts';
import { tablespaceArguments } from './tablespaces.ts';
import type { TocEntry } from './toc/toc.ts';

const SHOWN = 5;

/** Less than the time that a process has after a stop signal. */
const RESUME_WITHIN_MS = 4000;
const REPAIR_WITHIN_MS = 60_000;

const MIXED = withReason('live-database-mixed');

/**
 * Restores onto the live database. Drops the objects of the dump and creates them again, each with its owner.
 * Then come privileges, content that runs as an owner, and the properties of the database. Default privileges
 * are revoked first; those of the set come with its grants. Otherwise new objects would get rights that the
 * backup lacks, or lose implicit ones, such as those of extension functions. Event triggers are disabled
 * meanwhile.
 */
export async function restoreInPlace(job: RestoreJob): Promise<Restored> {
  const { server, database, observer } = job;
  const rights = await findRights(job);
  const withheld = await makeLackingRoles(job);
  await using owners = await Owners.prepare(job);
  observer?.({ event: 'step', step: 'restore' });
  await disableEventTriggers(server, database);
  const defaults = await server.within(database, 'inspecting default privileges', defaultPrivilegesOf);
  await server.within(database, 'suspending default privileges', (client) =>
    execute(client, defaults.suspend, { goOn: true }),
  );
  let isChanged = false;
  try {
    const { first, eventTriggers } = entriesByTurn(job);
    const stays = await server.within(database, 'dropping what the dump holds', (client) =>
      dropEntries(client, [...first, ...eventTriggers]),
    );
    isChanged = true;
    const kept = new Set(stays.flatMap(({ entry }) => entry?.id ?? []));
    const made = await restoreOntoLive(job, { owners, rights, kept });
    const completed = await completeRestore(job, database, { owners, rights, goOn: true });
    const properties = await applyPropertiesInPlace(job, rights);
    const ownerless = await makeEventTriggers(job, database, rights);
    await server.within(database, 'enabling event triggers', (client) => enableEventTriggers(client, server));
    return {
      ...completed.counts,
      notes: [...countNotes(stays.map(({ why }) => why)), ...made.notes, ...completed.notes],
      incomplete: [
        ...made.failures,
        ...withheldNotes([...withheld, ...completed.withheld, ...properties.withheld]),
        ...properties.failed,
        ...completed.refused,
        ...ownerless,
        ...completed.views,
      ],
    };
  } catch (error) {
    await resume(job, defaults.resume, rights);
    throw isChanged ? mixed(error) : error;
  }
}

/** Returns whether the restore kept the object of an entry, or the object that the entry comments on. */
function isKept({ id, kind, dependencies }: TocEntry, kept: ReadonlySet<number>): boolean {
  const ofOther = kind === 'COMMENT' || kind === 'SECURITY LABEL';
  return kept.has(id) || (ofOther && dependencies.some((one) => kept.has(one)));
}

/**
 * Creates the objects of the dump that were dropped. Skips objects that stayed because newer objects need
 * them.
 * @returns notes for the operator
 */
async function restoreOntoLive(
  job: RestoreJob,
  {
    owners,
    rights,
    kept,
  }: { readonly owners: Owners; readonly rights: Rights | undefined; readonly kept: ReadonlySet<number> },
): Promise<{ readonly notes: readonly string[]; readonly failures: readonly string[] }> {
  const { server, database } = job;
  const { keepGoing = false } = job.input;
  // With several sessions, pg_restore does not always name the failed entry.
  const sessions = keepGoing ? 1 : job.sessions;
  const { first } = entriesByTurn(job);
  const present = await server.within(database, 'listing what stays', thingsThatStay);
  const tablespaces = await tablespaceArguments(server, job.toc);
  const args = [...owners.args, ...tablespaces.args];
  const extensions = await makeExtensions(job, { target: database, args, present });
  await disableEventTriggers(server, database);
  const entries = first.filter(
    (entry) => !extensions.made.has(entry) && !isPresent(entry, present) && !isKept(entry, kept),
  );
  const errors: string[] = [];
  const unresolved: string[] = [];
  const request = {
    entries,
    args: [...args, '--no-data-for-failed-tables'],
    passOver: (error: string) => isUnresolvedIndex(error) && unresolved.push(error) > 0,
    onError: (error: string) => void errors.push(error),
  };
  const loadExtensionRows = (rows: readonly TocEntry[]): Promise<void> => replaceExtensionRows(job, rows);
  if (owners.byLogins)
    await fillByOwners({ ...job, sessions }, database, {
      ...request,
      unprivileged: owners.unprivileged,
      rights,
      withRows: true,
      loadExtensionRows,
    });
  else {
    const ofExtensions = extensionRowsIn(entries);
    // With one session, pg_restore names the entry of each error. It uses one for definitions anyway.
    const definitions = entries.filter(({ section }) => section === 'pre-data');
    const made = new Set([...definitions, ...ofExtensions]);
    await restoreEntries(job, database, { ...request, entries: definitions, sessions: 1 });
    await loadExtensionRows(ofExtensions);
    for (const turn of checksLast(entries.filter((entry) => !made.has(entry))))
      await restoreEntries(job, database, { ...request, entries: turn, sessions });
  }
  const notes = [...extensions.notes, ...tablespaces.notes];
  if (unresolved.length === 0 && errors.length === 0) return { notes, failures: [] };
  const searchPath = await searchPathOf(job, rights);
  const { made, left } = await secondTry(job, database, {
    entries,
    failures: errors,
    args,
    owners,
    searchPath,
    keepGoing,
  });
  if (left.length > 0 && !keepGoing)
    throw new BackupError(
      'RESTORE_FAILED',
      `the restore onto the live database failed: ${left.length} errors, first: ${left.slice(0, SHOWN).join(' | ')}`,
      { ...MIXED },
    );
  return {
    notes: [...secondTryNotes(made, searchPath), ...notes],
    failures: describeFailures(left, job.toc.entries),
  };
}

/** Returns schemas and extensions of a database, as `SCHEMA name`. */
async function thingsThatStay(client: pg.Client): Promise<ReadonlySet<string>> {
  const things = await valuesOf(
    client,
    `SELECT 'SCHEMA ' || nspname FROM pg_catalog.pg_namespace
     UNION ALL SELECT 'EXTENSION ' || extname FROM pg_catalog.pg_extension`,
  );
  return new Set(things);
}

function isPresent({ kind, name }: TocEntry, present: ReadonlySet<string>): boolean {
  return present.has(kind === 'COMMENT' && name.startsWith('EXTENSION ') ? name : `${kind} ${name}`);
}

function countNotes(stays: readonly string[]): readonly string[] {
  return [...new Set(stays)].map((why) => {
    const count = stays.filter((one) => one === why).length;
    return `${count} thing${count === 1 ? '' : 's'} not dropped: ${why}`;
  });
}

/**
 * Keeps at least what the failed restore found: existing objects get owners and privileges. Default
 * privileges and event triggers take effect again. After an abort it ends within the time of a stop signal.
 * Never fails: the caller reports the original error.
 */
async function resume(
  job: RestoreJob,
  defaultPrivileges: readonly string[],
  rights: Rights | undefined,
): Promise<void> {
  const { server, database, signal } = job;
  const end = AbortSignal.timeout(signal.aborted ? RESUME_WITHIN_MS : REPAIR_WITHIN_MS);
  await withClient(server.settings(database), end, async (client) => {
    await execute(client, defaultPrivileges, { goOn: true });
    if (rights !== undefined) {
      const { owners, grants } = rightsStatements(rights, job);
      await executeEach(client, [...owners, ...grants], () => true);
    }
    await enableEventTriggers(client, server);
  }).catch(() => undefined);
}

/** Returns the error of a changed database: once pg_restore starts, any failure leaves it changed. */
function mixed(error: unknown): BackupError {
  const known = toBackupError(error);
  return known.details.reason === 'live-database-mixed'
    ? known
    : new BackupError(known.code, known.message, { ...MIXED, cause: error });
}
