import type pg from 'pg';
import { valuesOf } from '../connection/queries.ts';
import { quoteIdentifier } from '../connection/identifiers.ts';
import { withoutEventTriggers } from './event-triggers.ts';
import { execute } from './execute.ts';
import type { Server } from './server.ts';

/** Start of the names of logins. */
export const PREFIX = 'geolens_restore_login_';

/** Comment of a login, with the database of its restore: the next restore removes logins of a killed one. */
export const COMMENT = 'geolens-backup: login of a restore into ';

/**
 * Removes a login. Objects that its code left go to the role that it was a member of, which could have
 * created them. Objects of a login without a role are removed.
 */
export async function removeLogin(
  server: Server,
  database: string,
  { user, owner }: { readonly user: string; readonly owner: string | undefined },
): Promise<void> {
  const role = quoteIdentifier(user);
  await server.ask(
    'ending sessions of a login of the restore',
    'SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE usename = $1',
    [user],
  );
  if (await server.exists(database))
    await server.within(database, 'removing a login of the restore', (client) =>
      withoutEventTriggers(client, server, async () => {
        if (owner !== undefined) await client.query(`REASSIGN OWNED BY ${role} TO ${quoteIdentifier(owner)}`);
        await client.query(`DROP OWNED BY ${role}`);
      }),
    );
  await server.ask('removing a login of the restore', `DROP ROLE ${role}`);
}

/**
 * Removes the logins that a killed restore of this database left. Tables of a login without a role go to the
 * restoring role.
 * @returns their names
 */
export async function removeLeftLogins(server: Server, database: string): Promise<readonly string[]> {
  if (!server.superuser) return [];
  const left = await server.ask<{ readonly user: string; readonly owner: string | null }>(
    'looking for what earlier restores left',
    `SELECT r.rolname AS user, pg_catalog.min(o.rolname) AS owner
       FROM pg_catalog.pg_roles r LEFT JOIN pg_catalog.pg_auth_members m ON m.member = r.oid LEFT JOIN pg_catalog.pg_roles o ON o.oid = m.roleid
      WHERE pg_catalog.starts_with(r.rolname, $1) AND pg_catalog.shobj_description(r.oid, 'pg_authid') = $2
        AND NOT (r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls) GROUP BY 1`,
    [PREFIX, COMMENT + database],
  );
  for (const { user, owner } of left) {
    if (owner === null && (await server.exists(database)))
      await server.within(database, 'giving tables back', (client) => giveTablesBack(client, user));
    await removeLogin(server, database, { user, owner: owner ?? undefined });
  }
  return left.map(({ user }) => user);
}

async function giveTablesBack(client: pg.Client, user: string): Promise<void> {
  const statements = await valuesOf(
    client,
    `SELECT pg_catalog.format('ALTER TABLE %I.%I OWNER TO CURRENT_USER', n.nspname, c.relname)
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND pg_catalog.pg_get_userbyid(c.relowner) = $1`,
    [user],
  );
  await execute(client, statements, { goOn: true });
}
