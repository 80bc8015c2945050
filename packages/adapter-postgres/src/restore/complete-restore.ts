import type { Restored } from '@geolens/backup-core';
import type { RestoreJob } from './session-parts.ts';
import { executeEach } from './execute.ts';
import { exposureOf, namesOf } from './exposure.ts';
import { Owners } from './owners.ts';
import {
  applyRights,
  isOfEventTrigger,
  refusalText,
  type Rights,
  type AppliedRights,
} from './rights/rights.ts';
import { countRestored } from './row-counts.ts';
import { searchPathOf } from './search-path.ts';
import { entriesByTurn, restoreEntries } from './run-entries.ts';
import { gatherStatistics } from './statistics.ts';
import { fillViews } from './view-content.ts';

/** Results of the steps after objects and rows. */
interface Completed extends AppliedRights {
  readonly counts: Pick<Restored, 'rows' | 'extensionRows'>;
  /** Materialized views that stay empty, one sentence each. */
  readonly views: readonly string[];
}

interface CompleteRequest {
  readonly owners: Owners;
  readonly rights: Rights | undefined;
  /** Whether to list privileges that the server refuses; otherwise they are an error. */
  readonly goOn: boolean;
  /** Defaults to true. */
  readonly statistics?: boolean | undefined;
}

/**
 * Applies owners and privileges to restored objects. Then executes what runs as an owner: materialized views
 * and statistics. Counts the rows.
 */
export async function completeRestore(
  job: RestoreJob,
  target: string,
  { owners, rights, goOn, statistics = true }: CompleteRequest,
): Promise<Completed> {
  const { server, observer, toc, input } = job;
  const { unprivileged } = owners;
  const count = (): ReturnType<typeof countRestored> => {
    observer?.({ event: 'step', step: 'count' });
    return countRestored(job, target);
  };
  await owners.handOver(target);
  // An owner may lack the privilege to read its objects, and policies may hide rows from it.
  const early = server.superuser ? undefined : await count();
  observer?.({ event: 'step', step: 'rights' });
  const applied = await applyRights(job, target, rights, goOn);
  const searchPath = await searchPathOf(job, rights);
  const keepGoing = input.keepGoing ?? false;
  const views = await fillViews(job, target, { rights, unprivileged, searchPath, keepGoing });
  const exposed = namesOf(exposureOf(toc.entries, unprivileged));
  const analyzed = statistics ? await gatherStatistics(job, target, searchPath, exposed) : [];
  return {
    ...applied,
    counts: early ?? (await count()),
    notes: [...applied.notes, ...owners.notes, ...analyzed],
    views,
  };
}

/**
 * Creates event triggers. They belong to the restoring superuser, or to the owner in the set if the server
 * has it as a superuser.
 * @returns the owners that the server refused, one sentence each
 */
export async function makeEventTriggers(
  job: RestoreJob,
  aside: string,
  rights: Rights | undefined,
): Promise<readonly string[]> {
  const { eventTriggers } = entriesByTurn(job);
  if (eventTriggers.length === 0) return [];
  await restoreEntries(job, aside, { entries: eventTriggers, args: ['--no-owner'], sessions: 1 });
  const statements = rights?.globals.owners.filter(isOfEventTrigger) ?? [];
  const { refused } = await job.server.within(aside, 'giving event triggers their owners', (client) =>
    executeEach(client, statements, () => true),
  );
  return refused.map(refusalText);
}

export function withheldNotes(withheld: readonly string[]): readonly string[] {
  return withheld.map((what) => `${what} was left out: the set does not come from the volume`);
}
