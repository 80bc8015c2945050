import type { Restored, RestoreInput, RestorerEvent } from '@geolens/backup-core';
import type { ProgramEnvironment } from '@geolens/backup-system';
import type { ConnectionSettings } from '../connection/connection-settings.ts';
import { isWholeName } from '../connection/identifiers.ts';
import { PgDumpRestorer } from '../restore/pg-dump-restorer.ts';
import type { Prerequisites } from '../restore/prepare.ts';

export interface RestoreAsOptions {
  readonly binDir?: string | undefined;
  readonly env: ProgramEnvironment;
  readonly prerequisites?: Partial<Prerequisites> | undefined;
  readonly jobs?: number | undefined;
  /** Name of the database while it is filled. */
  readonly asideName: string;
  readonly signal: AbortSignal;
  readonly observer?: ((event: RestorerEvent) => void) | undefined;
}

/** Database names that each server has. */
const TAKEN = ['postgres', 'template0', 'template1'];

const ANY_NAME = 'restore_test';

/** Returns the name for a restored database: its own, if a new server accepts it. */
export function nameFor(database: string | undefined): string {
  return database !== undefined && isWholeName(database) && !TAKEN.includes(database) ? database : ANY_NAME;
}

/** Restores a dump into a new server, under a name. */
export async function restoreAs(
  name: string,
  input: RestoreInput,
  connection: ConnectionSettings,
  { binDir, env, prerequisites, jobs, asideName, signal, observer }: RestoreAsOptions,
): Promise<Restored> {
  const session = await new PgDumpRestorer({
    connection,
    binDir,
    env,
    prerequisites,
    jobs,
    asideName,
    statistics: false,
    foreignServers: false,
  }).open(name, { exclusive: true, signal, observer });
  try {
    const restored = await session.restoreAside(input);
    await restored.swap();
    return restored;
  } finally {
    await session.close();
  }
}
