import { describe, expect, it } from 'vitest';
import { newestCluster, freshDatabase, type TestDatabase } from '../support/clusters.ts';
import { backupOf, restoring } from './support/restoring.ts';

describe.each(newestCluster())('the connection limit of a database on $title', (cluster) => {
  const limitOf = ({ client }: TestDatabase, name: string): Promise<string> =>
    client.psql('postgres', `SELECT datconnlimit FROM pg_database WHERE datname = '${name}'`);
  const limit = ({ client, database }: TestDatabase, to: number): Promise<string> =>
    client.psql('postgres', `ALTER DATABASE ${database} CONNECTION LIMIT ${to}`);

  async function restored(
    database: TestDatabase,
    backup: Awaited<ReturnType<typeof backupOf>>,
  ): Promise<string> {
    await restoring(database, async (session) => {
      const aside = await session.restoreAside(backup);
      const [name] = (
        await database.client.psql(
          'postgres',
          `SELECT datname FROM pg_database WHERE datname LIKE '${database.database}\\_restoring\\_%'`,
        )
      ).split('\n');
      expect(await limitOf(database, name!)).toBe('-1'); // it would also limit the sessions that fill and check the new database
      const { previous } = await aside.swap();
      if (previous !== undefined) await session.finishSwap(previous, { drop: true });
    });
    return limitOf(database, database.database);
  }

  it('comes from the set: onto another limit, onto none, and where the database does not exist', async () => {
    const database = await freshDatabase(cluster, { content: 'empty' });
    await limit(database, 7);
    const backup = await backupOf(database);
    for (const live of [3, -1]) {
      await limit(database, live);
      expect(await restored(database, backup)).toBe('7');
    }
    await database.client.psql('postgres', `DROP DATABASE ${database.database}`);
    expect(await restored(database, backup)).toBe('7');
  });

  it('stays that of the live database if the set has none', async () => {
    const database = await freshDatabase(cluster, { content: 'empty' });
    const backup = await backupOf(database);
    await limit(database, 3);
    expect(await restored(database, backup)).toBe('3');
  });
});
