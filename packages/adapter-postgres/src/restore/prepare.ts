import { isBackupError, type RestoreInput } from '@geolens/backup-core';
import { readGlobals, type Globals } from './globals/globals.ts';
import type { PostgresPrograms } from '../connection/postgres-programs.ts';
import type { Server } from './server.ts';
import { readToc, type Toc } from './toc/toc.ts';
import { group, IDENTIFIER, unquoteIdentifier, unquoteLiteral } from '../connection/identifiers.ts';
import type { ArchiveEntry } from './archive/entry.ts';
import { LITERAL } from './globals/grammar.ts';

/** Objects that must exist before the dump, besides those that it creates itself. */
export interface Prerequisites {
  readonly extensions: readonly string[];
  readonly schemas: readonly string[];
  readonly roles: readonly string[];
}

/** Content of the dump and the globals, read once. */
export interface Preparation extends Prerequisites {
  /** The best match for the server of the client programs that can read the dump. */
  readonly programs: PostgresPrograms;
  readonly toc: Toc;
  /** `undefined` if the set has none. */
  readonly globals: Globals | undefined;
  /** Whether roles get the server-wide privileges of the globals. */
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

/** Reads the dump with the server's own programs, or with the newer ones that wrote it. */
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

const POLICY = new RegExp(
  `^CREATE POLICY ${IDENTIFIER} ON ${IDENTIFIER}(?:\\.${IDENTIFIER})?(?: AS RESTRICTIVE)?(?: FOR [A-Z]+)? TO (${IDENTIFIER}(?:, ${IDENTIFIER})*)`,
  'u',
);

const USER_MAPPING = new RegExp(`^CREATE USER MAPPING FOR (${IDENTIFIER}) SERVER `, 'u');

/** Matches the end of a routine's clauses and the start of its body. */
const BODY = /\n {4}(?:AS |RETURN |BEGIN ATOMIC)/;

/** Matches a setting of a routine that the server accepts only if the role exists. */
const ROLE_SETTING = new RegExp(`\n {4}SET "?(?:role|session_authorization)"? TO (${LITERAL})`, 'gu');

/** Keywords in the place of a role that name no role. */
const NO_ROLES = ['PUBLIC', 'public', 'CURRENT_USER', 'SESSION_USER', 'CURRENT_ROLE'];

/** Value of the setting `role` if a routine unsets it. */
const NONE = 'none';

/** Returns the roles that must exist before the entries, besides owners. */
export function rolesInDefinitions(entries: readonly ArchiveEntry[]): readonly string[] {
  return [...new Set(entries.flatMap(rolesIn))];
}

function rolesIn({ kind, definition }: ArchiveEntry): readonly string[] {
  if (kind === 'POLICY') return namesIn(POLICY.exec(definition)?.[1] ?? '');
  if (kind === 'USER MAPPING') return namesIn(USER_MAPPING.exec(definition)?.[1] ?? '');
  if (kind !== 'FUNCTION' && kind !== 'PROCEDURE') return [];
  const [clauses = ''] = definition.split(BODY, 1);
  return [...clauses.matchAll(ROLE_SETTING)]
    .map((match) => unquoteLiteral(group(match, 1)))
    .filter((role) => role !== NONE);
}

/** Returns the names in a list of identifiers, without keywords that name no role. */
function namesIn(list: string): readonly string[] {
  return [...list.matchAll(new RegExp(IDENTIFIER, 'gu'))]
    .map(([name]) => name)
    .filter((name) => !NO_ROLES.includes(name))
    .map(unquoteIdentifier);
}
