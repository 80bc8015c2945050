import { expect, it, onTestFinished } from 'vitest';
import { anyCluster, freshDatabase } from '../support/clusters.ts';
import { backupOf, restoring } from './support/restoring.ts';

it('finds the one real error behind many that are tolerated', async () => {
  const database = await freshDatabase(anyCluster(), { content: 'empty' });
  const forMany = (sql: string): string =>
    `DO $$ BEGIN FOR i IN 1..210 LOOP EXECUTE format($f$${sql}$f$, i); END LOOP; END $$;`;
  await database.query(
    `${forMany('CREATE SCHEMA s%1$s; CREATE TABLE s%1$s.t (x int)')} CREATE TABLE t (id int PRIMARY KEY)`,
  );
  const backup = await backupOf(database);
  await database.query(`${forMany('CREATE TABLE s%1$s.newer (x int)')} ALTER TABLE t RENAME TO t_old`);
  await expect(restoring(database, (session) => session.restoreInPlace(backup))).rejects.toMatchObject({
    code: 'RESTORE_FAILED',
    message: expect.stringContaining('t_pkey') as string,
    details: { reason: 'live-database-mixed' },
  });
});

it('applies the properties of the set that the restoring role may apply, and reports the others', async () => {
  const database = await freshDatabase(anyCluster(), { content: 'empty' });
  const [name, role] = [database.database, `owner_${database.database}`];
  onTestFinished(async () => {
    await database.client.psql('postgres', `DROP DATABASE ${name} WITH (FORCE); DROP ROLE ${role}`);
  });
  await database.query(`CREATE ROLE ${role} LOGIN; ALTER DATABASE ${name} OWNER TO ${role}; ALTER DATABASE ${name} SET work_mem = '9MB'; ALTER DATABASE ${name} SET log_min_duration_statement = '1h';
    SET SESSION AUTHORIZATION ${role}; CREATE TABLE t (id int)`);
  const backup = await backupOf(database);
  await database.query(`ALTER DATABASE ${name} RESET ALL`);
  const { incomplete } = await restoring({ ...database, user: role }, (session) =>
    session.restoreInPlace(backup),
  );
  expect(incomplete).toEqual([
    expect.stringMatching(
      /^a property of the database was not applied: permission denied to set parameter "log_min_duration_statement"/,
    ),
  ]);
  expect(
    await database.query(
      'SELECT setconfig FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase WHERE datname = current_database()',
    ),
  ).toBe('{work_mem=9MB}');
});
