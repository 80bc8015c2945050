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

it('replaces the rows that an extension which stays has beside its own', async () => {
  const database = await freshDatabase(anyCluster(), { content: 'empty' });
  const own = 'SELECT srid, srtext FROM spatial_ref_sys WHERE srid > 990000 ORDER BY 1';
  await database.query(
    `CREATE EXTENSION postgis; CREATE TABLE places (at geometry(Point, 990001)); INSERT INTO spatial_ref_sys VALUES (990001, 'own', 1, 'first', 'p'), (990002, 'own', 2, 'second', 'p')`,
  );
  const all = await database.query('SELECT count(*) FROM spatial_ref_sys');
  const backup = await backupOf(database);
  await database.query(
    `CREATE TABLE newer (at geometry); UPDATE spatial_ref_sys SET srtext = 'changed' WHERE srid = 990001; DELETE FROM spatial_ref_sys WHERE srid = 990002; INSERT INTO spatial_ref_sys VALUES (990003, 'own', 3, 'newer', 'p')`,
  );
  await restoring(database, (session) => session.restoreInPlace(backup));
  expect(await database.query(own)).toBe('990001|first\n990002|second');
  expect(await database.query('SELECT count(*) FROM spatial_ref_sys')).toBe(all);
});
