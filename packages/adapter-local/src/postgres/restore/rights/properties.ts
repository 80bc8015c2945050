import type pg from 'pg';
import { databaseStatementsOf } from '../../database-statements.ts';
import { parseGlobals, type DatabaseStatement } from '../../globals/globals.ts';
import { quoteIdentifier } from '../../identifiers.ts';
import { execute } from '../execute.ts';
import type { SessionParts } from '../pg-restore-session.ts';
import type { Preparation } from '../prepare.ts';
import type { Server } from '../server.ts';
import type { Rights } from './rights.ts';
import { privilegesOf } from './roles.ts';

/**
 * Applies the properties of the live database, then those of the set, to a database that a restore created. From then on, the database accepts every role
 * that its privileges admit. Excludes the connection limit, which `swapDatabases` applies.
 * @returns the settings that were left out, one sentence each
 */
export async function applyProperties({ server, database }: SessionParts, { privilegedRoles }: Preparation, target: string, rights: Rights | undefined): Promise<readonly string[]> {
  const live = parseGlobals(await databaseStatementsOf(server.client, database, { withoutGrants: rights !== undefined })).database;
  const { allowed, withheld } = await withoutPrivilegedSettings(server, rights?.globals.database ?? [], privilegedRoles);
  await server.within(target, 'carrying over the properties of the database', async (client) => {
    await client.query(`GRANT CONNECT, TEMPORARY ON DATABASE ${quoteIdentifier(target)} TO PUBLIC`);
    for (const statement of [...live, ...allowed]) if (statement.kind !== 'connectionLimit') await applyProperty(client, target, statement);
  });
  return withheld;
}

/** Returns the connection limit of the database; `undefined` if the set has none. */
export function connectionLimitOf(rights: Rights | undefined): number | undefined {
  const limit = rights?.globals.database.find(({ kind }) => kind === 'connectionLimit');
  return limit && Number(/\d+$/.exec(limit.template)![0]);
}

async function withoutPrivilegedSettings(server: Server, statements: readonly DatabaseStatement[], privilegedRoles: boolean): Promise<{ allowed: readonly DatabaseStatement[]; withheld: readonly string[] }> {
  const withhold = privilegedRoles ? undefined : await privilegesOf(server);
  const isWithheld = ({ setting }: DatabaseStatement): boolean => setting !== undefined && withhold?.settings.has(setting.name.toLowerCase()) === true;
  return { allowed: statements.filter((one) => !isWithheld(one)), withheld: statements.filter(isWithheld).map(({ setting }) => `the database: the setting ${setting!.name}`) };
}

/** Uses one transaction per statement: the setting that the statement takes its value from ends with it. */
async function applyProperty(client: pg.Client, target: string, { template, setting }: DatabaseStatement): Promise<void> {
  await client.query('BEGIN');
  if (setting !== undefined) await client.query('SELECT pg_catalog.set_config($1, $2, true)', [setting.name, setting.value]);
  await execute(client, [template.replaceAll(/%%|%1\$I/g, (code) => (code === '%%' ? '%' : quoteIdentifier(target)))]);
  await client.query('COMMIT');
}
