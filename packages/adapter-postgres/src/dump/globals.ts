import { isUtf8 } from 'node:buffer';
import { type ProgramEnvironment, programBytes, type Judge } from '@geolens/backup-system';
import { isBackupError, throwIfAborted } from '@geolens/backup-core';
import { decodeBytes, encodeBytes, hasForeignBytes } from '../connection/byte-text.ts';
import { lockWait } from './dump-arguments.ts';
import { programError } from '../connection/postgres-errors.ts';
import { endWithoutValues } from '../connection/program-messages.ts';
import type { PostgresPrograms } from '../connection/postgres-programs.ts';
import { inUtf8, untranslatable } from '../connection/text-rows.ts';
import { serverEncodingOf } from '../connection/connection.ts';
import { readingConnectionString, withoutConnection } from '../connection/program-connection.ts';
import type { ConnectionSettings } from '../connection/connection-settings.ts';
import type { ExportedSnapshot } from './snapshot.ts';
import type { Session } from '../connection/session.ts';
import { unlinkedTemporaryFile } from './unlinked-temporary-file.ts';
import { dollarQuoted, itemsOf } from '../connection/sql-text.ts';

/** Line of the globals in place of a part that could not be read. */
export const LACKING_PART =
  '-- This part could not be read when the backup was made; the manifest has the reason.';

export interface GlobalsRequest {
  readonly programs: PostgresPrograms;
  readonly connection: ConnectionSettings;
  /** Session that holds the snapshot. */
  readonly session: Session;
  readonly snapshot: ExportedSnapshot;
  /** Whether to include password hashes of the roles. Only a superuser can read them. */
  readonly rolePasswords: boolean;
  readonly lockTimeoutMs: number;
  /** Whether to omit sections that another session blocks. */
  readonly tolerant: boolean;
  /** Receives one sentence for each section that could not be read. */
  readonly warn: (text: string) => void;
  readonly env: ProgramEnvironment;
  readonly signal: AbortSignal;
}

/** Matches the grants in a dump's table of contents: the type follows the three numbers. */
const GRANTS = /^\d+; \d+ \d+ (?:ACL|DEFAULT ACL) /;

const HEADER = `-- Roles, properties of the database, owners and grants: what a dump made with --no-owner --no-acl does not carry.
-- By hand: first the section of the roles, as a superuser, for policies in the dump name them; then the dump, into an empty
-- database of any name; then the sections from the database on, in that database, with psql. In this order:
-- default privileges that were there before the dump would change what the restored objects allow.
`;

/**
 * Returns the globals as SQL that can run twice. They hold the roles of the server (pg_dumpall), the
 * properties of the database, all owners and all grants, including default privileges. The grants come from a
 * schema-only pg_dump of the same snapshot. A section that cannot be read is a warning.
 */
export async function* globalsOf(request: GlobalsRequest): AsyncGenerator<Uint8Array> {
  const { database, owners, largeObjectGrants } = request.snapshot.sections;
  yield Buffer.from(HEADER);
  yield Buffer.from('\n-- Section: roles\n\n');
  yield* tried('the roles of the server', request, () => rolesOf(request));
  yield textSection('database', database);
  yield textSection('owners', owners);
  yield textSection('grants', largeObjectGrants);
  yield* tried('the grants on objects', request, () => grantsOf(request));
}

function textSection(title: string, text: string | undefined): Uint8Array {
  return Buffer.concat([Buffer.from(`\n-- Section: ${title}\n\n`), encodeBytes(text ?? `${LACKING_PART}\n`)]);
}

async function* tried(
  what: string,
  { signal, tolerant, warn }: GlobalsRequest,
  work: () => Promise<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield await work().catch((error: unknown) => {
    throwIfAborted(signal);
    if (!(error instanceof Error) || (!tolerant && isBackupError(error, 'TABLES_BUSY'))) throw error;
    warn(`the globals lack ${what}: ${error.message}`);
    return Buffer.from(`${LACKING_PART}\n`);
  });
}

async function rolesOf(request: GlobalsRequest): Promise<Uint8Array> {
  const { programs, connection, rolePasswords, signal } = request;
  const args = ['--roles-only', '--database', readingConnectionString(connection.database, programs.major)];
  if (!rolePasswords) args.push('--no-role-passwords');
  const options = { env: programEnv(request), signal };
  const sql = await programBytes(
    programs.pgDumpall,
    args,
    undefined,
    options,
    judge('pg_dumpall', connection),
  );
  // One character for each byte: the statements are recognized by ASCII only.
  return inUtf8Lines(request, Buffer.from(tolerantRoles(sql.toString('latin1')), 'latin1'));
}

async function grantsOf(request: GlobalsRequest): Promise<Uint8Array> {
  const { programs, connection, snapshot, lockTimeoutMs, env, signal } = request;
  const schema = await programBytes(
    programs.pgDump,
    [
      '--format=custom',
      '--schema-only',
      `--snapshot=${snapshot.snapshotId}`,
      lockWait(lockTimeoutMs),
      `--dbname=${readingConnectionString(connection.database, programs.major)}`,
    ],
    undefined,
    { env: programEnv(request), signal },
    judge('pg_dump --schema-only', connection),
  );
  const readOptions = { env: withoutConnection(env), signal };
  const listing = await programBytes(
    programs.pgRestore,
    ['--list'],
    [schema],
    readOptions,
    judge('pg_restore --list', connection),
  );
  const entries = listing
    .toString('utf8')
    .split('\n')
    .filter((line) => GRANTS.test(line));
  if (entries.length === 0) return Buffer.alloc(0);

  const list = await unlinkedTemporaryFile(`${entries.join('\n')}\n`);
  try {
    const sql = await programBytes(
      programs.pgRestore,
      ['--use-list=/dev/fd/3', '--file=-'],
      [schema],
      { ...readOptions, descriptors: [list.fd] },
      judge('pg_restore --use-list', connection),
    );
    return await inUtf8Lines(request, sql);
  } finally {
    await list.close();
  }
}

function judge(doing: string, settings: ConnectionSettings): Judge {
  return (end) =>
    end.code === 0
      ? undefined
      : programError(endWithoutValues(doing, end), 'reading roles and grants', settings);
}

/** Overrides settings of roles and databases that would end pg_dumpall or change how it writes literals. */
const PROGRAM_SETTINGS =
  '-c statement_timeout=0 -c lock_timeout=0 -c standard_conforming_strings=on -c quote_all_identifiers=off';

/** Returns the environment of the programs. They write in the database encoding, so no character fails. */
function programEnv({ env, session }: GlobalsRequest): ProgramEnvironment {
  return {
    ...env,
    PGOPTIONS: `${env['PGOPTIONS'] ?? ''} ${PROGRAM_SETTINGS}`.trim(),
    PGCLIENTENCODING: serverEncodingOf(session.client),
  };
}

/** Converts SQL text of a program, line by line, from the encoding of the database to that of the globals. */
async function inUtf8Lines({ session: { client }, warn }: GlobalsRequest, sql: Buffer): Promise<Uint8Array> {
  const encoding = serverEncodingOf(client);
  if (encoding === 'SQL_ASCII' || (encoding === 'UTF8' && isUtf8(sql))) return sql;
  const lines: string[] = [];
  for (const line of sql.toString('latin1').split('\n')) {
    const text = decodeBytes(await inUtf8(client, Buffer.from(line, 'latin1'), encoding));
    if (hasForeignBytes(text)) warn(untranslatable(text));
    else lines.push(text.replace(/^SET client_encoding = '\w+';$/, `SET client_encoding = 'UTF8';`));
  }
  return Buffer.from(lines.join('\n'));
}

/**
 * Makes each CREATE ROLE in the SQL of `pg_dumpall --roles-only` accept an existing role. Names and comments
 * of roles may hold line feeds, semicolons, and text that looks like a statement.
 */
export function tolerantRoles(sql: string): string {
  let [result, at] = ['', 0];
  for (const { text, start } of itemsOf(sql)) {
    const tolerated = /^CREATE ROLE .*;$/s.test(text)
      ? `DO ${dollarQuoted(`BEGIN ${text} EXCEPTION WHEN duplicate_object THEN NULL; END`)};`
      : text;
    result += sql.slice(at, start) + tolerated;
    at = start + text.length;
  }
  return result + sql.slice(at);
}
