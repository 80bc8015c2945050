import { join } from 'node:path';
import { isExecutable } from '../../programs/find-program.ts';
import type { PostgresPrograms } from '../postgres-programs.ts';

/** The programs of one installation that has a server too. */
export interface ServerPrograms extends PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
}

/** Those of the installations that have a server too, the oldest first. */
export async function withServers(installations: readonly PostgresPrograms[]): Promise<readonly ServerPrograms[]> {
  const all = installations.map((one): ServerPrograms => ({ ...one, initdb: join(one.folder, 'initdb'), postgres: join(one.folder, 'postgres') }));
  const there = await Promise.all(all.map(async ({ initdb, postgres }) => (await isExecutable(initdb)) && isExecutable(postgres)));
  return all.filter((_, index) => there[index]).sort((one, other) => one.major - other.major);
}

/**
 * The installation to rehearse a dump in: of the version of the server that was dumped, or the oldest that is newer; of those
 * rather one that is not older than the pg_dump which wrote the dump.
 */
export function serverFor(serverMajor: number, clientMajor: number, servers: readonly ServerPrograms[]): ServerPrograms | undefined {
  const able = servers.filter(({ major }) => major >= serverMajor);
  return able.find(({ major }) => major >= clientMajor) ?? able.at(-1);
}
