import {
  describeEnd,
  type ProgramEnvironment,
  programBytes,
  programText,
  type Judge,
} from '@geolens/backup-system';
import { lockWait } from '../connection/lock-wait.ts';
import { programError } from '../connection/postgres-errors.ts';
import type { PostgresPrograms } from '../connection/postgres-programs.ts';
import { connectionString, withoutConnection } from '../connection/connection.ts';
import type { ConnectionSettings } from '../connection/connection-settings.ts';
import { tolerantRoles } from './tolerant-roles.ts';
import { unlinkedTemporaryFile } from './unlinked-temporary-file.ts';

export interface GlobalsRequest {
  readonly programs: PostgresPrograms;
  readonly settings: ConnectionSettings;
  readonly snapshotId: string;
  /** What databaseStatementsOf answered. */
  readonly databaseStatements: string;
  /** What ownersOf answered. */
  readonly owners: string;
  /** What largeObjectGrantsOf answered. */
  readonly largeObjectGrants: string;
  /** Whether the password hashes of the roles are in. Only a superuser can read them. */
  readonly rolePasswords: boolean;
  readonly lockTimeoutMs: number;
  readonly env: ProgramEnvironment;
  readonly signal: AbortSignal;
}

/** The entries of a dump's table of contents that are grants: their type follows the three numbers. */
const GRANTS = /^\d+; \d+ \d+ (?:ACL|DEFAULT ACL) /;

const HEADER = `-- Roles, properties of the database, owners and grants: what a dump made with --no-owner --no-acl does not carry.
-- By hand: first the section of the roles, as a superuser, for policies in the dump name them; then the dump, into an empty
-- database of any name; then the sections from the database on, in that database, with psql. In this order:
-- default privileges that were there before the dump would change what the restored objects allow.
`;

/**
 * The roles of the server (pg_dumpall), the properties of the database, all owners, and every grant in it
 * with the default privileges (the entries of that kind of a schema-only pg_dump, in the same snapshot as the
 * dump), as SQL that can be run twice.
 */
export async function* globalsOf(request: GlobalsRequest): AsyncGenerator<Uint8Array> {
  yield Buffer.from(HEADER);
  yield Buffer.from('\n-- Section: roles\n\n');
  yield Buffer.from(tolerantRoles(await rolesOf(request)));
  yield Buffer.from(`\n-- Section: database\n\n${request.databaseStatements}`);
  yield Buffer.from(`\n-- Section: owners\n\n${request.owners}`);
  yield Buffer.from(`\n-- Section: grants\n\n${request.largeObjectGrants}`);
  yield* grantsOf(request);
}

async function rolesOf({ programs, settings, rolePasswords, env, signal }: GlobalsRequest): Promise<string> {
  const args = ['--roles-only', '--database', connectionString(settings.database)];
  if (!rolePasswords) args.push('--no-role-passwords');
  return programText(programs.pgDumpall, args, { env: inUtf8(env), signal }, judge('pg_dumpall', settings));
}

async function* grantsOf({
  programs,
  settings,
  snapshotId,
  lockTimeoutMs,
  env,
  signal,
}: GlobalsRequest): AsyncGenerator<Uint8Array> {
  const options = { env: inUtf8(env), signal };
  const schema = await programBytes(
    programs.pgDump,
    ['--format=custom', '--schema-only', `--snapshot=${snapshotId}`, lockWait(lockTimeoutMs)],
    undefined,
    options,
    judge('pg_dump --schema-only', settings),
  );
  const readOptions = { env: withoutConnection(env), signal };
  const listing = await programBytes(
    programs.pgRestore,
    ['--list'],
    [schema],
    readOptions,
    judge('pg_restore --list', settings),
  );
  const entries = listing
    .toString('utf8')
    .split('\n')
    .filter((line) => GRANTS.test(line));
  if (entries.length === 0) return;

  const list = await unlinkedTemporaryFile(`${entries.join('\n')}\n`);
  try {
    yield await programBytes(
      programs.pgRestore,
      ['--use-list=/dev/fd/3', '--file=-'],
      [schema],
      { ...readOptions, descriptors: [list.fd] },
      judge('pg_restore --use-list', settings),
    );
  } finally {
    await list.close();
  }
}

function judge(doing: string, settings: ConnectionSettings): Judge {
  return (end) =>
    end.code === 0 ? undefined : programError(describeEnd(doing, end), 'reading roles and grants', settings);
}

/**
 * The sections come from three programs: they have to agree on the encoding, whatever that of the database
 * is.
 */
function inUtf8(env: ProgramEnvironment): ProgramEnvironment {
  return { ...env, PGCLIENTENCODING: 'UTF8' };
}
