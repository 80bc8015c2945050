import type { Restored, RestoredAside, RestoreInput } from '@geolens/backup-core';
import { asideName, createAside, dropAside } from './aside-database.ts';
import { disableEventTriggers, enableEventTriggers } from './event-triggers.ts';
import { execute, executeEach } from './execute.ts';
import { quoteIdentifier } from '../connection/identifiers.ts';
import { Owners } from './owners.ts';
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
import { isUnresolvedName, retryIndexes, retryNotes, searchPathOf } from './retry-entries.ts';
import { entriesByTurn, restoreEntries } from './run-entries.ts';
import { gatherStatistics } from './statistics.ts';
import { swapDatabases } from './swap-databases.ts';
import { missingSchemasOf } from './toc/toc.ts';
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
  const rights = await findRights(parts, preparation);
  const { aside, withheld } = await makeAside(parts, input, preparation);
  try {
    await using owners = await Owners.prepare(parts, preparation);
    step('restore');
    const filled = await fillAside(parts, input, preparation, aside, { owners, rights });
    await owners.handOver(aside);
    step('rights');
    const applied = await applyRights(parts, preparation, aside, rights);
    const views = await fillViews(parts, input, preparation, aside, rights);
    const analyzed =
      parts.options.statistics === false
        ? []
        : await gatherStatistics(parts, aside, await searchPathOf(parts, rights));
    step('count');
    const counts = await countRestored(parts, aside);
    const eventTriggers = await makeEventTriggers(parts, input, preparation, aside, rights);
    await parts.server.within(aside, 'enabling event triggers', (client) =>
      enableEventTriggers(client, parts.server),
    );
    const settings = await applyProperties(parts, preparation, aside, rights);
    return asideOf(parts, aside, {
      ...counts,
      notes: [
        ...retryNotes(filled.repeated, filled.searchPath),
        ...applied.notes,
        ...owners.notes,
        ...analyzed,
      ],
      incomplete: [
        ...withheldNotes([...withheld, ...applied.withheld, ...settings]),
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
  const aside = asideName(database, new Date());
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
}

/**
 * Restores the dump into an empty database, without what has to come after the privileges; the first error
 * ends it. Event triggers that extensions have brought are disabled then.
 */
export async function fillAside(
  parts: SessionParts,
  input: RestoreInput,
  preparation: Preparation,
  aside: string,
  {
    owners,
    rights,
    furtherArguments = [],
  }: {
    readonly owners: Owners;
    readonly rights: Rights | undefined;
    readonly furtherArguments?: readonly string[];
  },
): Promise<Filled> {
  const { extensions, schemas, toc } = preparation;
  const before = [
    ...[...new Set([...missingSchemasOf(toc), ...schemas])].map(
      (name) => `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(name)}`,
    ),
    ...extensions.map((name) => `CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(name)}`),
  ];
  if (before.length > 0)
    await parts.server.within(aside, 'making extensions and schemas', (client) => execute(client, before));
  const { first } = entriesByTurn(preparation);
  const unresolved: string[] = [];
  const passOver = (error: string): boolean => isUnresolvedName(error) && unresolved.push(error) > 0;
  await restoreEntries(parts, input, preparation, aside, {
    entries: first,
    args: [...owners.args, ...furtherArguments],
    sessions: parts.sessions,
    progress: true,
    passOver,
  });
  await disableEventTriggers(parts.server, aside);
  const [error] = unresolved;
  if (error === undefined) return { repeated: [], searchPath: '' };
  const searchPath = await searchPathOf(parts, rights);
  const repeated = await retryIndexes(parts, input, preparation, aside, {
    entries: first,
    ownerArgs: [...owners.args, ...furtherArguments],
    searchPath,
    error,
  });
  return { repeated, searchPath };
}

/**
 * Event triggers belong to superusers: the restoring one, or the one of the set where the server has it as
 * such.
 * @returns the owners that the server refused, one sentence each
 */
async function makeEventTriggers(
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
