import { describe, expect, it } from 'vitest';
import { clusters, freshDatabase } from '../support/clusters.ts';
import { backupOf, restoring } from './support/restorers.ts';

const ONE = { tables: ['public.t'], schemas: [] };

describe.each(clusters())('a single table of $title', (facts) => {
  it('gives nobody back the right to call a function that was made again', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    await database.query(`CREATE TABLE t (id int); CREATE FUNCTION secret() RETURNS SETOF t LANGUAGE sql SECURITY DEFINER AS 'SELECT * FROM t'; REVOKE ALL ON FUNCTION secret() FROM PUBLIC;
      CREATE FUNCTION open() RETURNS SETOF t LANGUAGE sql AS 'SELECT * FROM t'; ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM PUBLIC; ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO pg_monitor`);
    const backup = await backupOf(database);
    await restoring(database, (session) => session.restoreTables(backup, ONE));
    expect(await database.query(`SELECT f, r, has_function_privilege(r, f, 'EXECUTE') FROM unnest(ARRAY['secret()', 'open()']) f, unnest(ARRAY['public', 'pg_monitor']) r`)).toBe(
      'secret()|public|f\nsecret()|pg_monitor|f\nopen()|public|t\nopen()|pg_monitor|t',
    );
  });
});
