import {
  BackupError,
  toBackupError,
  type Restored,
  type RestoreInput,
  withReason,
} from '@geolens/backup-core';
import { connectionString } from '../connection/connection.ts';
import { withClient } from '../connection/session.ts';
import { restoreErrorWithoutValues } from '../connection/program-messages.ts';
import { unlinkedTemporaryFile } from '../dump/unlinked-temporary-file.ts';
import { disableEventTriggers, enableEventTriggers } from './event-triggers.ts';
import { execute, executeEach } from './execute.ts';
import { Owners } from './owners.ts';
import { defaultPrivilegesOf } from './rights/default-privileges.ts';
import { endedWell, runPgRestore } from './pg-restore.ts';
import type { SessionParts } from './session-parts.ts';
import type { Preparation } from './prepare.ts';
import { withheldNotes } from './restore-aside.ts';
import { applyPropertiesInPlace } from './rights/properties.ts';
import { applyRights, findRights, makeLackingRoles, rightsStatements, type Rights } from './rights/rights.ts';
import { countRestored } from './row-counts.ts';
import { gatherStatistics } from './statistics.ts';
import { isUnresolvedName, retryIndexes, retryNotes, searchPathOf } from './retry-entries.ts';
import { entriesByTurn } from './run-entries.ts';
import { toleratedBecause } from './tolerated-errors.ts';
import { useList } from './toc/toc.ts';
import { tablespaceArguments } from './tablespaces.ts';
import { fillViews } from './view-content.ts';

const SHOWN = 5;

/** Less than a process that is asked to end has. */
const RESUME_WITHIN_MS = 4000;
const REPAIR_WITHIN_MS = 60_000;

const MIXED = withReason('live-database-mixed');

/**
 * Restores onto the live database, object by object, as `pg_restore --clean` does it, each with its owner;
 * then privileges and what is run as an owner; then the properties of the database itself. Default privileges
 * are taken away before, the set's come with its grants: else everything that is made again would get rights
 * that the backup does not have, or, as the functions of extensions, lose those that no statement grants. Event
 * triggers are disabled meanwhile.
 */
export async function restoreInPlace(
  parts: SessionParts,
  input: RestoreInput,
  preparation: Preparation,
): Promise<Restored> {
  const { server, database, observer } = parts;
  const step = (name: string): void => observer?.({ event: 'step', step: name });
  const rights = await findRights(parts, preparation);
  const { withheld } = await makeLackingRoles(parts, preparation);
  await using owners = await Owners.prepare(parts, preparation);
  step('restore');
  await disableEventTriggers(server, database);
  const defaults = await server.within(database, 'looking at default privileges', defaultPrivilegesOf);
  await server.within(database, 'suspending default privileges', (client) =>
    execute(client, defaults.suspend, { goOn: true }),
  );
  try {
    const tolerated = await restoreOntoLive(parts, input, preparation, owners, rights);
    await disableEventTriggers(server, database); // those of the set, which pg_restore makes last
    await owners.handOver(database);
    step('rights');
    const applied = await applyRights(parts, preparation, database, rights, { goOn: true });
    const views = await fillViews(parts, input, preparation, database, rights);
    const analyzed = await gatherStatistics(parts, database, await searchPathOf(parts, rights));
    step('count');
    const counts = await countRestored(parts, database);
    const properties = await applyPropertiesInPlace(parts, preparation, rights);
    await server.within(database, 'enabling event triggers', (client) => enableEventTriggers(client, server));
    const incomplete = [
      ...withheldNotes([...withheld, ...applied.withheld, ...properties.withheld]),
      ...properties.failed,
      ...applied.refused,
      ...views,
    ];
    return { ...counts, notes: [...tolerated, ...applied.notes, ...owners.notes, ...analyzed], incomplete };
  } catch (error) {
    await resume(parts, preparation, defaults.resume, rights);
    throw mixed(error);
  }
}

/** @returns what was tolerated */
async function restoreOntoLive(
  parts: SessionParts,
  input: RestoreInput,
  preparation: Preparation,
  owners: Owners,
  rights: Rights | undefined,
): Promise<readonly string[]> {
  const { server, database, signal } = parts;
  const tolerated = new Map<string, number>();
  const unresolved: string[] = [];
  const passOver = (error: string): boolean => {
    if (isUnresolvedName(error)) return unresolved.push(error) > 0;
    const why = toleratedBecause(error);
    if (why !== undefined) tolerated.set(why, (tolerated.get(why) ?? 0) + 1);
    return why !== undefined;
  };
  const { first, eventTriggers } = entriesByTurn(preparation);
  const tablespaces = await tablespaceArguments(server, preparation.toc);
  const list = await unlinkedTemporaryFile(useList([...first, ...eventTriggers]));
  try {
    const args = [
      '-U',
      server.user,
      '-d',
      connectionString(database),
      '--clean',
      '--if-exists',
      '--no-data-for-failed-tables',
      '--use-list=/dev/fd/3',
      ...owners.args,
      ...tablespaces.args,
    ];
    const { end, errors } = await runPgRestore({
      pgRestore: preparation.programs.pgRestore,
      args,
      dump: input.dump,
      env: await inEnglish(parts),
      signal,
      passOver,
      descriptors: [list.fd],
    });
    if (errors.length > 0 || !endedWell(end, unresolved.length + tolerated.size > 0)) {
      const what =
        errors.length === 0
          ? `pg_restore exited with ${end.code ?? end.endedBy ?? '?'}`
          : `${errors.length} errors, first: ${errors.map(restoreErrorWithoutValues).slice(0, SHOWN).join(' | ')}`;
      throw new BackupError('RESTORE_FAILED', `the restore onto the live database failed: ${what}`, {
        ...MIXED,
      });
    }
  } finally {
    await list.close();
  }
  const notes = [
    ...[...tolerated].map(
      ([why, count]) => `${count} error${count === 1 ? '' : 's'} of pg_restore tolerated: ${why}`,
    ),
    ...tablespaces.notes,
  ];
  const [error] = unresolved;
  if (error === undefined) return notes;
  const searchPath = await searchPathOf(parts, rights);
  const repeated = await retryIndexes(parts, input, preparation, database, {
    entries: first,
    ownerArgs: [...owners.args, ...tablespaces.args],
    searchPath,
    error,
  });
  return [...retryNotes(repeated, searchPath), ...notes];
}

/**
 * Leaves no less than the failed restore found: what exists gets its owners and privileges, and default
 * privileges and event triggers take effect again. After an abort it ends in the time that a process has which
 * is asked to end. Never fails: the error that led here is reported.
 */
async function resume(
  { server, database, signal }: SessionParts,
  preparation: Preparation,
  defaultPrivileges: readonly string[],
  rights: Rights | undefined,
): Promise<void> {
  const end = AbortSignal.timeout(signal.aborted ? RESUME_WITHIN_MS : REPAIR_WITHIN_MS);
  await withClient(server.settings(database), end, async (client) => {
    await execute(client, defaultPrivileges, { goOn: true });
    if (rights !== undefined) {
      const { owners, grants } = rightsStatements(rights, preparation);
      await executeEach(client, [...owners, ...grants], () => true);
    }
    await enableEventTriggers(client, server);
  }).catch(() => undefined);
}

/** From the moment that pg_restore begins, whatever fails leaves the database changed. */
function mixed(error: unknown): BackupError {
  const known = toBackupError(error);
  return known.details.reason === 'live-database-mixed'
    ? known
    : new BackupError(known.code, known.message, { ...MIXED, cause: error });
}

/**
 * The words of the server are judged, so they have to be English; only some roles may ask for that, others
 * get what the server speaks.
 */
async function inEnglish({ server, database }: SessionParts): Promise<Readonly<Record<string, string>>> {
  const env = server.env(database);
  const may = await server.ask('asking for English', `SET lc_messages = 'C'`).then(
    () => true,
    () => false,
  );
  return may ? { ...env, PGOPTIONS: `${env['PGOPTIONS'] ?? ''} -c lc_messages=C`.trim() } : env;
}
