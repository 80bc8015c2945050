import type pg from 'pg';
import { failedFinding, throwIfAborted, type Examiner, type Finding } from '@geolens/backup-core';
import type { ProgramEnvironment } from '../programs/program.ts';
import { connect, disconnect } from './connection.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { missingRights } from './missing-rights.ts';
import { connectionError, postgresError, whereabouts } from './postgres-errors.ts';
import { findInstallations, programsFor } from './postgres-programs.ts';
import { megabytes } from './room.ts';
import { configure } from './configure.ts';
import { relations } from './dumped-tables.ts';
import { oneRow } from './one-row.ts';
import { serverVersionOf } from './server-version.ts';
import { databaseBytesOf } from './snapshot.ts';

/** Which database is looked at, with which programs. */
export interface PgExaminerOptions {
  readonly connection: ConnectionSettings;
  /** Whether the password hashes of the roles are to be in the globals. */
  readonly rolePasswords: boolean;
  /** The folder of pg_dump and its kin; when absent, the best of those installed is taken. */
  readonly binDir?: string | undefined;
  /** What programs get as their environment: PATH at least. */
  readonly env: ProgramEnvironment;
}

/**
 * Looks whether a dump of the database would succeed: the server, its version and ours, what is in it, and
 * the rights of the role.
 */
export class PgExaminer implements Examiner {
  private readonly options: PgExaminerOptions;

  constructor(options: PgExaminerOptions) {
    this.options = options;
  }

  async examine({ signal }: { readonly signal: AbortSignal }): Promise<readonly Finding[]> {
    const { connection } = this.options;
    throwIfAborted(signal);
    let client: pg.Client;
    try {
      client = await connect(connection, signal);
    } catch (error) {
      throwIfAborted(signal);
      return [failedFinding('server', connectionError(error, connection))];
    }
    const findings: Finding[] = [];
    const leave = (): void => void disconnect(client);
    signal.addEventListener('abort', leave, { once: true });
    try {
      await configure(client, { statement_timeout: '60s', lock_timeout: '10s' });
      const version = await serverVersionOf(client);
      findings.push({
        concern: 'server',
        level: 'ok',
        message: `PostgreSQL ${version} answers (${whereabouts(connection)})`,
      });
      findings.push(
        await this.programs(version),
        await contentOf(client),
        ...(await missingRights(client, connection.user)),
      );
      if (this.options.rolePasswords) findings.push(await passwordsOf(client));
    } catch (error) {
      throwIfAborted(signal);
      findings.push(failedFinding('server', postgresError(error, 'looking at the server', connection)));
    } finally {
      signal.removeEventListener('abort', leave);
      await disconnect(client);
    }
    return findings;
  }

  /**
   * Older programs cannot dump the server; what newer ones write, the server itself may not be able to
   * restore.
   */
  private async programs(serverVersion: string): Promise<Finding> {
    const concern = 'pg_dump';
    try {
      const { version, major, folder } = programsFor(serverVersion, await findInstallations(this.options));
      const serverMajor = Number.parseInt(serverVersion, 10);
      const message = `pg_dump ${version} in ${folder} dumps the server ${serverVersion}`;
      if (major === serverMajor) return { concern, level: 'ok', message };
      return {
        concern,
        level: 'warn',
        message: `${message}, which may not be able to restore what a newer pg_dump writes`,
        mend: `Install the client programs of version ${serverMajor} beside, or build the image from the database’s own`,
      };
    } catch (error) {
      return failedFinding(concern, error);
    }
  }
}

async function contentOf(client: pg.Client): Promise<Finding> {
  const tables = (await relations(client)).filter(
    ({ partitioned, ofExtension }) => !partitioned && !ofExtension,
  );
  const bytes = await databaseBytesOf(client);
  const message = `${tables.length} table${tables.length === 1 ? '' : 's'}, ${megabytes(bytes)} on the server’s disk`;
  if (tables.length > 0) return { concern: 'content', level: 'ok', message };
  return {
    concern: 'content',
    level: 'warn',
    message: 'the database has no tables',
    mend: 'Make sure that this is the right server and database (POSTGRES_HOST and POSTGRES_DB, or DATABASE_URL)',
  };
}

async function passwordsOf(client: pg.Client): Promise<Finding> {
  const concern = 'rights: role passwords';
  const { rows } = await client.query<{ may: boolean }>(
    "SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT') AS may",
  );
  if (oneRow(rows).may)
    return { concern, level: 'ok', message: 'the role may read the password hashes of the roles' };
  return {
    concern,
    level: 'fail',
    message: 'the role may not read the password hashes of the roles',
    mend: 'Set BACKUP_ROLE_PASSWORDS=false, or back up as a superuser',
  };
}
