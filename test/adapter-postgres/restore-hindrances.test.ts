import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { anyCluster, freshDatabase } from '../support/clusters.ts';
import { backupOf, restoring } from './support/restoring.ts';

it('is not hindered by what roles and databases are set to', async () => {
  const user = `u_${randomUUID()}`;
  onTestFinished(async () => {
    await database.client.psql('postgres', `DROP ROLE "${user}"`);
  }); // after the database, which will be his
  const database = await freshDatabase(anyCluster(), { content: 'empty' });
  await database.client.psql('postgres', `CREATE ROLE "${user}" LOGIN SUPERUSER`);
  await database.query('CREATE TABLE t AS SELECT generate_series(1, 200000) id');
  const backup = await backupOf(database);
  for (const what of [`ROLE "${user}"`, `DATABASE "${database.database}"`]) {
    for (const setting of [
      'idle_session_timeout = 200',
      'statement_timeout = 20',
      'idle_in_transaction_session_timeout = 20',
      'default_transaction_read_only = on',
    ]) {
      await database.client.psql(
        'postgres',
        `SET default_transaction_read_only = off; ALTER ${what} SET ${setting}`,
      );
    }
  }
  const rows = await restoring({ ...database, user }, async (session) => {
    await session.restoreTables(backup, { tables: ['public.t'], schemas: [] });
    await session.restoreInPlace(backup);
    const aside = await session.restoreAside(backup);
    await session.finishSwap((await aside.swap()).previous, { drop: true });
    return aside.rows;
  });
  expect(rows).toEqual([{ schema: 'public', table: 't', rows: 200_000 }]);
});
