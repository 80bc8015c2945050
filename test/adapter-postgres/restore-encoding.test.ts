import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { anyCluster, freshDatabase } from '../support/clusters.ts';
import { backupOf, restoring } from './support/restoring.ts';

it('restores a database that is not in UTF-8, with names and comments in its own letters', async () => {
  const owner = `o_${randomUUID()}`;
  onTestFinished(async () => {
    await outer.client.psql('postgres', `DROP ROLE "${owner}"`);
  }); // after the database
  const outer = await freshDatabase(anyCluster(), { content: 'empty' });
  await outer.client.psql(
    'postgres',
    `DROP DATABASE "${outer.database}"; CREATE DATABASE "${outer.database}" TEMPLATE template0 ENCODING LATIN1 LOCALE 'C'`,
  );
  const query = (sql: string): Promise<string> => outer.query(`SET client_encoding = 'UTF8'; ${sql}`);
  await query(`CREATE TABLE t ("Maß" text); INSERT INTO t VALUES ('ö'); COMMENT ON TABLE t IS 'grün'; GRANT SELECT ("Maß") ON t TO pg_monitor;
    CREATE FUNCTION "für"() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE ROLE "${owner}"; ALTER FUNCTION "für"() OWNER TO "${owner}"; CREATE VIEW v AS SELECT * FROM t`);
  const found = (): Promise<string> =>
    query(
      `SELECT "Maß", obj_description('t'::regclass), has_column_privilege('pg_monitor', 't', 'Maß', 'SELECT'), (SELECT proowner::regrole FROM pg_proc WHERE proname = 'für') FROM t`,
    );
  const before = await found();
  const backup = await backupOf(outer);
  await restoring(outer, async (session) => {
    await session.restoreTables(backup, { tables: ['public.t'], schemas: [] });
    expect(await found()).toBe(before);
    await session.finishSwap((await (await session.restoreAside(backup)).swap()).previous, { drop: true });
    expect(await found()).toBe(before);
  });
});

it.each(['LATIN1', 'WIN1251', 'EUC_JP'])(
  'restores a table of a database in %s by its name',
  async (encoding) => {
    const outer = await freshDatabase(anyCluster(), { content: 'empty' });
    await outer.client.psql(
      'postgres',
      `DROP DATABASE "${outer.database}"; CREATE DATABASE "${outer.database}" TEMPLATE template0 ENCODING ${encoding} LOCALE 'C'`,
    );
    const letters = { LATIN1: 'Maß', WIN1251: 'Река', EUC_JP: '川' }[encoding]!;
    const query = (sql: string): Promise<string> => outer.query(`SET client_encoding = 'UTF8'; ${sql}`);
    await query(`CREATE SCHEMA "${letters}"; CREATE TABLE "${letters}"."${letters}" (a text CHECK (a <> '${letters}x'));
    INSERT INTO "${letters}"."${letters}" VALUES ('${letters}'); CREATE INDEX "i${letters}" ON "${letters}"."${letters}" (a)`);
    const backup = await backupOf(outer);
    await query(`DELETE FROM "${letters}"."${letters}"`);
    const { rows } = await restoring(outer, (session) =>
      session.restoreTables(backup, { tables: [`"${letters}"."${letters}"`], schemas: [] }),
    );
    expect(rows).toEqual([{ schema: letters, table: letters, rows: 1 }]);
    expect(await query(`SELECT a FROM "${letters}"."${letters}"`)).toBe(letters);
  },
);
