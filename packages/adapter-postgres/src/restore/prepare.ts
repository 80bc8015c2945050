import { isBackupError, type RestoreInput } from '@geolens/backup-core';
import { readGlobals, type Globals } from './globals/globals.ts';
import type { PostgresPrograms } from '../connection/postgres-programs.ts';
import { rolesInDefinitions } from './rights/roles-in-definitions.ts';
import type { Server } from './server.ts';
import { readToc, type Toc } from './toc/toc.ts';

/** To be there before the dump, besides what it makes itself. */
export interface Prerequisites {
  readonly extensions: readonly string[];
  readonly schemas: readonly string[];
  readonly roles: readonly string[];
}

/** What the dump and the globals hold, read once. */
export interface Preparation extends Prerequisites {
  /** The client programs that can read the dump and fit the server as well as may be. */
  readonly programs: PostgresPrograms;
  readonly toc: Toc;
  /** `undefined` if the set has none. */
  readonly globals: Globals | undefined;
  /** Whether roles get the privileges over the whole server that the globals name. */
  readonly privilegedRoles: boolean;
  /** Roles that definitions in the dump name: policies, user mappings, settings of routines. */
  readonly definitionRoles: readonly string[];
}

export async function prepare(
  server: Server,
  input: RestoreInput,
  installations: readonly PostgresPrograms[],
  wanted: Prerequisites,
  signal: AbortSignal,
): Promise<Preparation> {
  const { programs, toc } = await readByFitting(server, input, installations, signal);
  const globals = input.globals && (await readGlobals(input.globals.open()));
  return {
    programs,
    toc,
    globals,
    privilegedRoles: input.privilegedRoles,
    definitionRoles: rolesInDefinitions(toc.entries),
    ...wanted,
  };
}

/** The server's own programs first; where the dump was written by newer ones, those. */
async function readByFitting(
  server: Server,
  { dump }: RestoreInput,
  installations: readonly PostgresPrograms[],
  signal: AbortSignal,
): Promise<{ programs: PostgresPrograms; toc: Toc }> {
  const newer = [...installations]
    .filter(({ major }) => major > server.programs.major)
    .sort((one, other) => one.major - other.major);
  let first: unknown;
  for (const programs of [server.programs, ...newer]) {
    try {
      return {
        programs,
        toc: await readToc(dump, { pgRestore: programs.pgRestore, env: server.fileEnv, signal }),
      };
    } catch (error) {
      if (!isBackupError(error, 'ARTIFACT_UNREADABLE')) throw error;
      first ??= error;
    }
  }
  throw first;
}
