import { expect, it } from 'vitest';
import { anyCluster, freshDatabase } from '../support/clusters.ts';
import { backupOf, restoring } from './support/restoring.ts';

it('finds the one real error behind many that are tolerated', async () => {
  const database = await freshDatabase(anyCluster(), { content: 'empty' });
  const forMany = (sql: string): string => `DO $$ BEGIN FOR i IN 1..210 LOOP EXECUTE format($f$${sql}$f$, i); END LOOP; END $$;`;
  await database.query(`${forMany('CREATE SCHEMA s%1$s; CREATE TABLE s%1$s.t (x int)')} CREATE TABLE t (id int PRIMARY KEY)`);
  const backup = await backupOf(database);
  await database.query(`${forMany('CREATE TABLE s%1$s.newer (x int)')} ALTER TABLE t RENAME TO t_old`);
  await expect(restoring(database, (session) => session.restoreInPlace(backup))).rejects.toMatchObject({ code: 'RESTORE_FAILED', message: expect.stringContaining('t_pkey') as string });
});
