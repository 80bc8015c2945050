import { withReason, throwIfAborted } from '@geolens/backup-core';
import { failedCheck, type DiagnosticCheck, type DiagnosticResult } from '@geolens/backup-core/internal';
import type pg from 'pg';
import type { ProgramEnvironment } from '@geolens/backup-system';
import type { ConnectionSettings } from './connection/connection-settings.ts';
import { collationResults } from './collation-versions.ts';
import { missingRights } from './dump/missing-rights.ts';
import { RAISE_LOCKS, postgresError, whereabouts } from './connection/postgres-errors.ts';
import { findInstallations, programsFor } from './connection/postgres-programs.ts';
import { megabytes } from './disk-estimate.ts';
import { configure, valueOf, majorOf, serverVersionOf } from './connection/queries.ts';
import { locksOf, relations } from './dump/dumped-tables.ts';
import { extensionTablesWarnings, unloggedWarning } from './dump/rows-left-out.ts';
import { withClient } from './connection/session.ts';
import { databaseBytesOf } from './dump/snapshot.ts';

/** The database to inspect and the programs to use. */
export interface PgDiagnosticCheckOptions {
  readonly connection: ConnectionSettings;
  /** Whether the globals must include password hashes of the roles. */
  readonly rolePasswords: boolean;
  /** Folder of the PostgreSQL client programs. Defaults to the best match for the server version. */
  readonly binDir?: string | undefined;
  /** Environment of the programs; it must have PATH. */
  readonly env: ProgramEnvironment;
}

/**
 * Checks whether a dump of the database would succeed. Inspects the server, both versions, the content, and
 * the rights of the role.
 */
export class PgDiagnosticCheck implements DiagnosticCheck {
  private readonly options: PgDiagnosticCheckOptions;

  constructor(options: PgDiagnosticCheckOptions) {
    this.options = options;
  }

  async inspect({ signal }: { readonly signal: AbortSignal }): Promise<readonly DiagnosticResult[]> {
    const { connection } = this.options;
    throwIfAborted(signal);
    const results: DiagnosticResult[] = [];
    try {
      await withClient(connection, signal, async (client) => {
        await configure(client, { statement_timeout: '60s', lock_timeout: '10s' });
        const version = await serverVersionOf(client);
        results.push({
          subject: 'server',
          level: 'ok',
          message: `PostgreSQL ${version} answers (${whereabouts(connection)})`,
        });
        results.push(
          await this.programs(version),
          await contentOf(client),
          ...(await missingRights(client, connection.user)),
        );
        results.push(...(await leftOutOf(client)));
        results.push(...(await collationResults(client, version)));
        if (this.options.rolePasswords) results.push(await passwordsOf(client));
      });
    } catch (error) {
      throwIfAborted(signal);
      results.push(failedCheck('server', postgresError(error, 'inspecting the server', connection)));
    }
    return results;
  }

  /**
   * Checks the version of the programs. Older ones cannot dump the server; the server may not be able to
   * restore dumps of newer ones.
   */
  private async programs(serverVersion: string): Promise<DiagnosticResult> {
    const subject = 'pg_dump';
    try {
      const { version, major, folder } = programsFor(serverVersion, await findInstallations(this.options));
      const serverMajor = majorOf(serverVersion);
      const message = `pg_dump ${version} in ${folder} dumps the server ${serverVersion}`;
      if (major === serverMajor) return { subject, level: 'ok', message };
      return {
        subject,
        level: 'warn',
        message: `${message}, which may not be able to restore what a newer pg_dump writes`,
        hint: `Install the client programs of version ${serverMajor} beside, or build the image from the database’s own`,
      };
    } catch (error) {
      return failedCheck(subject, error);
    }
  }
}

/** Size of all indexes as of the last VACUUM or ANALYZE; the present size needs a lock on each. */
const INDEX_BYTES = `
  SELECT COALESCE(pg_catalog.sum(relpages::pg_catalog.int8), 0) * pg_catalog.current_setting('block_size')::pg_catalog.int8
    FROM pg_catalog.pg_class WHERE relkind = 'i'`;

async function contentOf(client: pg.Client): Promise<DiagnosticResult> {
  const tables = (await relations(client)).filter(
    ({ partitioned, ofExtension }) => !partitioned && !ofExtension,
  );
  const bytes = await databaseBytesOf(client);
  const contentBytes = Math.max(0, bytes - Number(await valueOf(client, INDEX_BYTES)));
  const locks = await locksOf(client);
  const message = `${tables.length} table${tables.length === 1 ? '' : 's'}, ${megabytes(bytes)} on the server’s disk`;
  if (tables.length > locks)
    return {
      subject: 'content',
      level: 'warn',
      contentBytes,
      message: `${message}: pg_dump locks each table, and the server is set to ${locks} locks`,
      hint: RAISE_LOCKS,
    };
  if (tables.length > 0) return { subject: 'content', level: 'ok', message, contentBytes };
  return {
    subject: 'content',
    level: 'warn',
    message: 'the database has no tables',
    ...withReason('database-empty'),
  };
}

/** Returns results about rows that no dump of the database has. */
async function leftOutOf(client: pg.Client): Promise<readonly DiagnosticResult[]> {
  const unlogged = await unloggedWarning(client, await relations(client));
  const standby = unlogged.map(
    (message): DiagnosticResult => ({
      subject: 'standby',
      level: 'warn',
      message,
      hint: 'Back up the primary if these rows matter',
    }),
  );
  const ofExtensions = (await extensionTablesWarnings(client)).map(
    (message): DiagnosticResult => ({
      subject: 'tables of extensions',
      level: 'warn',
      message,
      hint: 'Copy its rows another way, or ask the extension to mark it with pg_extension_config_dump',
    }),
  );
  return [...standby, ...ofExtensions];
}

async function passwordsOf(client: pg.Client): Promise<DiagnosticResult> {
  const subject = 'rights: role passwords';
  if (
    await valueOf<boolean>(client, `SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT')`)
  )
    return { subject, level: 'ok', message: 'the role may read the password hashes of the roles' };
  return {
    subject,
    level: 'fail',
    message: 'the role may not read the password hashes of the roles',
    ...withReason('role-passwords-forbidden'),
  };
}
