import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { NO_TIMEOUTS, configure } from '../connection/queries.ts';
import type { ConnectionSettings } from '../connection/connection-settings.ts';
import { quoteIdentifier } from '../connection/identifiers.ts';
import { withClient } from '../connection/session.ts';
import { eventTriggerSilence } from '../restore/event-triggers.ts';
import { execute } from '../restore/execute.ts';

/** SQLSTATE of an error that a missing right causes. */
export const INSUFFICIENT_PRIVILEGE = '42501';

/** Attributes of the role. BYPASSRLS shows all rows, but grants no right to read a table. */
const ATTRIBUTES = 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOINHERIT BYPASSRLS';

/** Overrides session settings of the restored database. */
const UNHINDERED = { ...NO_TIMEOUTS, row_security: 'off' };

/** Prevents triggers of the restored database from firing. */
const AS_SUPERUSER = { default_transaction_read_only: 'off', session_replication_role: 'replica' };

/** A restored database in the temporary server. */
export interface RestoredDatabase {
  /** Session of the server's superuser in the database. */
  readonly superuser: pg.Client;
  /** Connection settings of the superuser. */
  readonly settings: ConnectionSettings;
  readonly signal: AbortSignal;
  /** Maximum duration of a statement of a restricted role, in milliseconds. Defaults to no limit. */
  readonly timeout?: number | undefined;
}

/**
 * Prepares the session of the superuser. It must query only catalogs and sequences; `asRestrictedRole` reads
 * all other content. Disables event triggers permanently: a GRANT would run their functions as superuser, and
 * ENABLE ALWAYS ones under every setting.
 */
export async function prepareSuperuser(client: pg.Client): Promise<void> {
  await configure(client, { ...UNHINDERED, ...AS_SUPERUSER });
  const { disable } = await eventTriggerSilence(client, { superuser: true });
  await execute(client, disable);
}

/**
 * Runs the work over a new connection of its own role. The role has only the rights in `grants` (`SELECT ON
 * TABLE a.b`). To plan a query, the server evaluates constant expressions of the table's indexes, even in a
 * READ ONLY transaction. So a function in the dump runs with the rights of the session.
 */
export async function asRestrictedRole<T>(
  { superuser, settings, signal, timeout = 0 }: RestoredDatabase,
  grants: readonly string[],
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const role = `inspection_${randomBytes(8).toString('hex')}`;
  await superuser.query(
    `CREATE ROLE ${role} ${ATTRIBUTES}; ALTER ROLE ${role} SET session_replication_role = replica; ALTER ROLE ${role} SET lc_messages = 'C'`,
  );
  try {
    // The connection limit of the set counts the superuser's session too, and would refuse the role.
    await superuser.query(`ALTER DATABASE ${quoteIdentifier(settings.database)} CONNECTION LIMIT -1`);
    const rights = [`CONNECT ON DATABASE ${quoteIdentifier(settings.database)}`, ...grants];
    await superuser.query(rights.map((right) => `GRANT ${right} TO ${role}`).join('; '));
    return await withClient({ ...settings, user: role, options: undefined }, signal, async (client) => {
      await configure(client, { ...UNHINDERED, statement_timeout: String(timeout) });
      return work(client);
    });
  } finally {
    await superuser.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`).catch(() => undefined); // the server is removed soon
  }
}
