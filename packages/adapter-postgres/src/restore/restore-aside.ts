import type { RestoredAside } from '@geolens/backup-core';
import { fillAside } from './fill-aside.ts';
import { withheldNotes, completeRestore, makeEventTriggers } from './complete-restore.ts';
import type { RestoreJob, SessionParts } from './session-parts.ts';
import { asideName, createAside, dropAside } from './aside-database.ts';
import { enableEventTriggers } from './event-triggers.ts';
import { Owners } from './owners.ts';
import { reportSize } from './report-progress.ts';
import { secondTryNotes } from './second-try.ts';
import { applyProperties, connectionLimitOf } from './rights/properties.ts';
import { findRights, makeLackingRoles } from './rights/rights.ts';
import { describeFailures } from './run-entries.ts';
import { swapDatabases } from './swap-databases.ts';

/**
 * Restores into a new database beside the live one, which stays unchanged. Objects get their owners on
 * creation. They get privileges before anything runs as an owner: materialized views, statistics.
 */
export async function restoreAside(job: RestoreJob): Promise<RestoredAside> {
  const { server, database, observer, options, input, toc } = job;
  const rights = await findRights(job);
  const { aside, withheld } = await makeAside(job);
  try {
    await using owners = await Owners.prepare(job);
    const { keepGoing = false } = input;
    observer?.({ event: 'step', step: 'restore' });
    const filled = await reportSize(job, aside, (reported) =>
      fillAside(reported, aside, { owners, rights, keepGoing }),
    );
    const { statistics } = options;
    const completed = await completeRestore(job, aside, { owners, rights, goOn: keepGoing, statistics });
    const eventTriggers = await makeEventTriggers(job, aside, rights);
    await server.within(aside, 'enabling event triggers', (client) => enableEventTriggers(client, server));
    const settings = await applyProperties(job, aside, rights);
    let settled = false;
    return {
      ...completed.counts,
      notes: [
        ...filled.notes,
        ...secondTryNotes(filled.repeated, filled.searchPath),
        ...completed.notes,
        ...settings.notes,
      ],
      incomplete: [
        ...describeFailures(filled.failures, toc.entries),
        ...withheldNotes([...withheld, ...completed.withheld, ...settings.withheld]),
        ...completed.refused,
        ...eventTriggers,
        ...completed.views,
      ],
      swap: async () => {
        const connectionLimit = connectionLimitOf(rights);
        const previous = await swapDatabases(server, { database, aside, connectionLimit, now: new Date() });
        settled = true;
        return { previous };
      },
      discard: async () => {
        if (!settled) await undo(job, aside);
        settled = true;
      },
    };
  } catch (error) {
    await undo(job, aside);
    throw error;
  }
}

/** Creates an empty database beside the live one, and the roles that the dump names. */
export async function makeAside(
  job: RestoreJob,
): Promise<{ readonly aside: string; readonly withheld: readonly string[] }> {
  const { server, database, observer } = job;
  observer?.({ event: 'step', step: 'create' });
  const withheld = await makeLackingRoles(job);
  const aside = job.options.asideName ?? asideName(database, new Date());
  try {
    await createAside(server, database, aside, job.input.manifest);
  } catch (error) {
    await undo(job, aside); // the server may have created it although the answer was lost
    throw error;
  }
  return { aside, withheld };
}

/** Removes the database that was to replace the live one. The next restore or run removes a remaining one. */
export async function undo({ server }: Pick<SessionParts, 'server'>, aside: string): Promise<void> {
  await dropAside(server, aside).catch(() => undefined);
}
