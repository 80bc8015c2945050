import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { clusters, freshDatabase, type TestDatabase } from '../support/clusters.ts';
import { restoreTestIn, restoreTestParent, restored } from './support/restore-tests.ts';
import { backupOf, restoring } from './support/restoring.ts';

/** A role that exists at the end of the test too, whether it was dropped meanwhile or not. */
async function freshRole(database: TestDatabase, name: string): Promise<string> {
  const role = `${name} ${randomUUID()}`;
  await database.query(`CREATE ROLE "${role}" LOGIN`);
  onTestFinished(async () => {
    await database.query(`DROP OWNED BY "${role}"; DROP ROLE "${role}"`);
  });
  return role;
}

/** What names a role in a database that owns and is granted nothing. */
const NAMING: readonly { readonly where: string; readonly sql: (role: string) => string }[] = [
  {
    where: 'a user mapping',
    sql: (role) =>
      `CREATE EXTENSION postgres_fdw; CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1');
       CREATE USER MAPPING FOR "${role}" SERVER elsewhere OPTIONS (user 'x', password 'y')`,
  },
  {
    where: 'the setting of a function',
    sql: (role) => `CREATE FUNCTION f() RETURNS int LANGUAGE sql SET role TO '${role}' AS 'SELECT 1'`,
  },
  {
    where: 'default privileges',
    sql: (role) => `ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO "${role}"`,
  },
  { where: 'a policy', sql: (role) => `CREATE POLICY p ON t TO "${role}" USING (true)` },
  {
    where: 'a setting in the database',
    sql: (role) =>
      `DO $$ BEGIN EXECUTE format('ALTER ROLE %I IN DATABASE %I SET work_mem TO 100', '${role}', current_database()); END $$`,
  },
];

describe.each(clusters())('a role of $title that the server lacks', (facts) => {
  it.each(NAMING)('is announced and made if $where names it', async ({ sql }) => {
    const database = await freshDatabase(facts, { content: 'empty' });
    const role = await freshRole(database, 'gis');
    await database.query(`CREATE TABLE t (id int); INSERT INTO t VALUES (1); ${sql(role)}`);
    const backup = await backupOf(database);
    await database.query(`DROP OWNED BY "${role}"; DROP ROLE "${role}"`);

    await restoring(database, async (session) => {
      const { warnings, problems } = await session.inspect(backup, { kind: 'aside' });
      expect(problems).toEqual([]);
      expect(warnings.join()).toContain(`roles that are missing are made: ${role};`);
      const aside = await session.restoreAside(backup);
      expect(aside.rows).toEqual([{ schema: 'public', table: 't', rows: 1 }]);
      await aside.discard();
    });
    expect(await database.query(`SELECT rolcanlogin FROM pg_roles WHERE rolname = '${role}'`)).toBe('t');
  });
});

describe.each(clusters())('a restore test on $title', (facts) => {
  it('makes the role of a user mapping', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    const role = await freshRole(database, 'gis');
    await database.query(`CREATE TABLE t (id int); ${NAMING[0]!.sql(role)}`);
    const testResult = await restored(
      restoreTestIn(await restoreTestParent(), facts),
      await backupOf(database),
    );
    expect(testResult.outcome).toBe('passed');
  });
});
