import type { RestoreInput, RestoreSession } from '@geolens/backup-core';
import { PgDumpRestorer } from '../../../packages/adapter-postgres/src/restore/pg-dump-restorer.ts';
import { env, everything, fileOf, never, producerFor, within, type Place, type Taken } from './producers.ts';

/**
 * What a run would have made of the database.
 * @param keep makes the file of the dump, by default for the test that runs
 */
export async function backupOf(place: Place, keep = fileOf): Promise<RestoreInput> {
  const taken = await within(producerFor(place), everything);
  return inputFrom(taken, await keep(taken.dump));
}

/** Makes an input of what a snapshot gave; `path` has the dump. */
export function inputFrom({ dump, globalsBytes }: Taken, path: string): RestoreInput {
  const source = (content: Uint8Array): RestoreInput['dump'] => ({
    bytes: content.length,
    open: async function* () {
      yield await Promise.resolve(content);
    },
  });
  return {
    dump: { ...source(dump), path },
    globals: source(globalsBytes),
    manifest: undefined,
    privilegedRoles: true,
  };
}

/** Works with a restore into the database, and ends it, however the work ends. */
export async function restoring<T>(
  { host, port, user, database, binDir }: Place,
  work: (session: RestoreSession) => Promise<T>,
): Promise<T> {
  const session = await new PgDumpRestorer({
    connection: { host, port, user, database },
    binDir,
    env,
    jobs: 2,
  }).open(database, { exclusive: true, signal: never });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
