import type pg from 'pg';
import { statementOn, parseGlobals, type DatabaseStatement } from '../globals/globals.ts';
import type { RestoreJob } from '../session-parts.ts';
import { databaseStatementsOf } from '../../dump/database-properties.ts';
import { quoteIdentifier } from '../../connection/identifiers.ts';
import { valueOf } from '../../connection/queries.ts';
import { execute } from '../execute.ts';
import type { Server } from '../server.ts';
import { withoutAbsentTablespaces } from '../tablespaces.ts';
import { NOT_DONE } from './grants.ts';
import type { Rights } from './rights.ts';
import { isFreeSetting, privilegesOf } from './roles.ts';

/**
 * Applies the properties of the live database, then those of the set, to a database that a restore created.
 * From then on, the database accepts every role that its privileges admit. Excludes the connection limit,
 * which `swapDatabases` applies.
 */
export async function applyProperties(
  { server, database, privilegedRoles }: RestoreJob,
  target: string,
  rights: Rights | undefined,
): Promise<{ readonly withheld: readonly string[]; readonly notes: readonly string[] }> {
  const live = parseGlobals(
    (await databaseStatementsOf(server.client, database, { withoutGrants: rights !== undefined })).join('\n'),
  ).database;
  const { allowed, withheld } = await withoutPrivilegedSettings(
    server,
    rights?.globals.database ?? [],
    privilegedRoles,
  );
  const { fitting, notes } = await withoutAbsentTablespaces(server, allowed);
  await server.within(target, 'carrying over the properties of the database', async (client) => {
    await client.query(`GRANT CONNECT, TEMPORARY ON DATABASE ${quoteIdentifier(target)} TO PUBLIC`);
    await applyEach(
      client,
      target,
      [...live, ...fitting].filter(({ kind }) => kind !== 'connectionLimit'),
    );
  });
  return { withheld, notes };
}

/** Returns the connection limit of the database; `undefined` if the set has none. */
export function connectionLimitOf(rights: Rights | undefined): number | undefined {
  const limit = rights?.globals.database.find(({ kind }) => kind === 'connectionLimit');
  return limit && Number(limit.template.split(' ').at(-1));
}

async function withoutPrivilegedSettings(
  server: Server,
  statements: readonly DatabaseStatement[],
  privilegedRoles: boolean,
): Promise<{ allowed: readonly DatabaseStatement[]; withheld: readonly string[] }> {
  const withhold = privilegedRoles ? undefined : await privilegesOf(server);
  const isWithheld = ({ setting, role }: DatabaseStatement): boolean =>
    withhold !== undefined &&
    ((setting !== undefined && !isFreeSetting(setting.name, withhold)) ||
      (role !== undefined && withhold.roles.has(role)));
  const nameOf = ({ setting, role }: DatabaseStatement): string =>
    `${role === undefined ? 'the database' : `role ${quoteIdentifier(role)} in the database`}: the setting ${setting?.name ?? 'of its role'}`;
  return {
    allowed: statements.filter((one) => !isWithheld(one)),
    withheld: statements.filter(isWithheld).map(nameOf),
  };
}

/** Applies properties of the set that differ to the live database. Keeps its other grants and settings. */
export async function applyPropertiesInPlace(
  { server, database, privilegedRoles }: RestoreJob,
  rights: Rights | undefined,
): Promise<{ readonly withheld: readonly string[]; readonly failed: readonly string[] }> {
  if (rights?.from !== 'set') return { withheld: [], failed: [] };
  const { allowed, withheld } = await withoutPrivilegedSettings(
    server,
    rights.globals.database,
    privilegedRoles,
  );
  const failed: string[] = [];
  const onFailure = (message: string): void =>
    void failed.push(`a property of the database was not applied: ${message}`);
  await server.within(database, 'applying the properties of the set', async (client) => {
    const live = parseGlobals((await databaseStatementsOf(client, database)).join('\n')).database;
    const present = new Set(live.map(keyOf));
    const [owner, privileges, others] = [
      allowed.filter(isOwner),
      allowed.filter(isPrivilege),
      allowed.filter((one) => !isOwner(one) && !isPrivilege(one)),
    ];
    const isAbsent = (one: DatabaseStatement): boolean => !present.has(keyOf(one));
    await applyEach(client, database, owner.filter(isAbsent), onFailure);
    const samePrivileges = privileges.map(keyOf).join() === live.filter(isPrivilege).map(keyOf).join();
    if (!samePrivileges)
      await applyEach(client, database, [...(await defaultPrivilegesOn(client)), ...privileges], onFailure);
    await applyEach(client, database, others.filter(isAbsent), onFailure);
  });
  return { withheld, failed };
}

function isOwner({ kind }: DatabaseStatement): boolean {
  return kind === 'owner';
}

function isPrivilege({ kind }: DatabaseStatement): boolean {
  return kind === 'grant' || kind === 'revoke';
}

function keyOf({ template, setting }: DatabaseStatement): string {
  return JSON.stringify([template, setting]);
}

const OWNER =
  'SELECT pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(datdba)) AS owner FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()';

/** Returns the privileges on a new database: the statements of a set are relative to them. */
async function defaultPrivilegesOn(client: pg.Client): Promise<readonly DatabaseStatement[]> {
  const grantTo = (grantee: string, privileges: string): DatabaseStatement => ({
    kind: 'grant',
    template: `GRANT ${privileges} ON DATABASE %1$I TO ${grantee.replaceAll('%', '%%')}`,
    setting: undefined,
  });
  return [grantTo(await valueOf(client, OWNER), 'ALL'), grantTo('PUBLIC', 'CONNECT, TEMPORARY')];
}

/**
 * Applies each statement in its own transaction, which also ends the setting that the statement copies.
 * Consecutive privileges share a transaction, so that the server refuses no session in between.
 * @param onFailure receives the server's message; without it, the first error is thrown
 */
async function applyEach(
  client: pg.Client,
  target: string,
  statements: readonly DatabaseStatement[],
  onFailure?: (message: string) => void,
): Promise<void> {
  for (const group of groupsOf(statements)) {
    try {
      await client.query('BEGIN');
      for (const statement of group) {
        const { setting } = statement;
        if (setting !== undefined)
          await client.query('SELECT pg_catalog.set_config($1, $2, true)', [setting.name, setting.value]);
        const said = await execute(client, [statementOn(statement, target)]);
        for (const { message } of said.filter(({ state }) => NOT_DONE.includes(state))) onFailure?.(message);
      }
      await client.query('COMMIT');
    } catch (error) {
      if (onFailure === undefined || !(error instanceof Error && 'code' in error)) throw error;
      await client.query('ROLLBACK');
      onFailure(error.message);
    }
  }
}

function groupsOf(statements: readonly DatabaseStatement[]): readonly (readonly DatabaseStatement[])[] {
  const groups: DatabaseStatement[][] = [];
  for (const statement of statements) {
    const last = groups.at(-1);
    if (last !== undefined && [...last, statement].every(isPrivilege)) last.push(statement);
    else groups.push([statement]);
  }
  return groups;
}
