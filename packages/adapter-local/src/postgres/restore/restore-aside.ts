import { BackupError, type RestoredAside, type RestoreInput, type TableRows } from '@geolens/backup-core';
import { connectionString } from '../connection.ts';
import { asideName, createAside, dropAside } from './aside-database.ts';
import { quoteIdentifier } from '../identifiers.ts';
import { endedWell, runPgRestore } from './pg-restore.ts';
import type { SessionParts } from './pg-restore-session.ts';
import type { Preparation } from './prepare.ts';
import { applyRights, findRights, makeLackingRoles } from './rights/rights.ts';
import { countRestored } from './row-counts.ts';
import { gatherStatistics } from './statistics.ts';
import { swapDatabases } from './swap-databases.ts';
import { isSettingOfNewerClient } from './newer-client.ts';
import { missingSchemasOf } from './toc/toc.ts';

/** What the leader of parallel workers says when one of them has told an error and ended. */
const WORKER_DIED = 'a worker process died unexpectedly';

/** Restores into a new database beside the live one, which stays as it is. */
export async function restoreAside(parts: SessionParts, input: RestoreInput, preparation: Preparation): Promise<RestoredAside> {
  const { server, database, observer } = parts;
  const step = (name: string): void => observer?.({ event: 'step', step: name });
  const rights = await findRights(parts, preparation);
  const aside = await makeAside(parts, input, preparation);
  try {
    step('restore');
    await fillAside(parts, input, preparation, aside, []);
    step('count');
    const rows = await countRestored(server, aside);
    const analyzed = parts.options.statistics === false ? [] : await gatherStatistics(parts, aside);
    step('rights');
    const notes = await applyRights(parts, preparation, aside, rights, { properties: true });
    return asideOf(parts, aside, rows, [...notes, ...analyzed]);
  } catch (error) {
    await undo(parts, aside);
    throw error;
  }

  function asideOf({ server: on }: SessionParts, name: string, rows: readonly TableRows[], notes: readonly string[]): RestoredAside {
    let settled = false;
    return {
      rows,
      notes,
      swap: async () => {
        const previous = await swapDatabases(on, database, name, new Date());
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

/** An empty database beside the live one, with the roles that the dump names on the server. */
export async function makeAside(parts: SessionParts, { manifest }: RestoreInput, preparation: Preparation): Promise<string> {
  const { server, database, observer } = parts;
  observer?.({ event: 'step', step: 'create' });
  await makeLackingRoles(parts, preparation);
  const aside = asideName(database, new Date());
  try {
    await createAside(server, database, aside, manifest);
  } catch (error) {
    await undo(parts, aside); // the answer may have been lost, not the database
    throw error;
  }
  return aside;
}

/** Restores the dump into an empty database; the first error ends it. */
export async function fillAside(
  { server, sessions, signal, observer }: SessionParts,
  { dump }: RestoreInput,
  { programs, toc, extensions, schemas }: Preparation,
  aside: string,
  furtherArguments: readonly string[],
): Promise<void> {
  const before = [
    ...[...new Set([...missingSchemasOf(toc), ...schemas])].map((name) => `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(name)}`),
    ...extensions.map((name) => `CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(name)}`),
  ];
  if (before.length > 0) {
    await server.within(aside, 'making extensions and schemas', async (client) => {
      for (const statement of before) await client.query(statement);
    });
  }
  const newer = programs.major > server.major;
  const args = [
    '--format=custom',
    '--no-owner',
    '--no-acl',
    '--verbose',
    ...(newer ? [] : ['--exit-on-error']),
    ...(dump.path === undefined ? [] : [`--jobs=${sessions}`]),
    ...furtherArguments,
    `--dbname=${connectionString(aside)}`,
  ];
  let done = 0;
  const total = toc.entries.length;
  const onEntry = (): void => observer?.({ event: 'progress', step: 'restore', done: Math.min(total, (done += 1)), total, unit: 'entries' });
  let passedOver = false;
  const passOver = (error: string): boolean => {
    const harmless = newer && isSettingOfNewerClient(error);
    passedOver ||= harmless;
    return harmless;
  };
  const { end, errors } = await runPgRestore({ pgRestore: programs.pgRestore, args, dump, env: server.env(aside), signal, onEntry, passOver });
  if (errors.length > 0 || !endedWell(end, passedOver)) {
    const telling = errors.find((error) => error !== WORKER_DIED) ?? errors[0];
    throw new BackupError('RESTORE_FAILED', `the dump could not be restored: ${telling ?? `pg_restore exited with ${end.code ?? end.endedBy ?? '?'}`}`, {
      mend: 'The live database is as it was',
    });
  }
}

/** Removes the database that was to take the other's place; what cannot be removed now, the next restore or run removes. */
export async function undo({ server }: Pick<SessionParts, 'server'>, aside: string): Promise<void> {
  await dropAside(server, aside).catch(() => undefined);
}
