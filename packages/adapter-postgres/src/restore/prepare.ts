import { isBackupError, type RestoreInput } from '@geolens/backup-core';
import { readGlobals, type Globals } from './globals/globals.ts';
import type { PostgresPrograms } from '../connection/postgres-programs.ts';
import type { Server } from './server.ts';
import { readToc, type Toc } from './toc/toc.ts';
import { group, IDENTIFIER, unquoteIdentifier, unquoteLiteral } from '../connection/identifiers.ts';
import type { ArchiveEntry } from './archive/entry.ts';
import { LITERAL } from './globals/grammar.ts';

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

const POLICY = new RegExp(
  `^CREATE POLICY ${IDENTIFIER} ON ${IDENTIFIER}(?:\\.${IDENTIFIER})?(?: AS RESTRICTIVE)?(?: FOR [A-Z]+)? TO (${IDENTIFIER}(?:, ${IDENTIFIER})*)`,
  'u',
);

const USER_MAPPING = new RegExp(`^CREATE USER MAPPING FOR (${IDENTIFIER}) SERVER `, 'u');

/** Where the clauses of a routine end and its body begins. */
const BODY = /\n {4}(?:AS |RETURN |BEGIN ATOMIC)/;

/** A setting of a routine that the server accepts only if the role exists. */
const ROLE_SETTING = new RegExp(`\n {4}SET "?(?:role|session_authorization)"? TO (${LITERAL})`, 'gu');

/** Words in the place of a role that name none. */
const NO_ROLES = ['PUBLIC', 'public', 'CURRENT_USER', 'SESSION_USER', 'CURRENT_ROLE'];

/** What the setting `role` is if a routine has it unset. */
const NONE = 'none';

/** Returns the roles that have to exist before the entries can be made, besides owners. */
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

/** Returns the names in a list of identifiers, without words that stand for no role of their own. */
function namesIn(list: string): readonly string[] {
  return [...list.matchAll(new RegExp(IDENTIFIER, 'gu'))]
    .map(([name]) => name)
    .filter((name) => !NO_ROLES.includes(name))
    .map(unquoteIdentifier);
}
