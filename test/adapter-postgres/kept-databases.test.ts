import { describe, expect, it } from 'vitest';
import { freshDatabase, newestCluster } from '../support/clusters.ts';
import { backupOf, restoring } from './support/restoring.ts';

describe.each(newestCluster())('databases that restores kept on $title', (cluster) => {
  it('are listed with their sizes, and dropped one by one; other databases stay', async () => {
    const database = await freshDatabase(cluster, { content: 'empty' });
    const { client, database: live } = database;
    const backup = await backupOf(database);
    const similar = `${live}_before_lunch`;
    await client.psql('postgres', `CREATE DATABASE ${similar}`);
    try {
      await restoring(database, async (session) => {
        const { previous } = await (await session.restoreAside(backup)).swap();
        expect(await session.listPrevious()).toEqual([
          {
            name: previous,
            timestamp: previous!.slice(-15),
            bytes: expect.toSatisfy((size: number) => size > 1e6) as unknown,
          },
        ]);
        for (const name of [similar, live])
          expect(await session.dropPrevious(name)).toEqual({ dropped: false, warnings: [] });
        expect(await session.dropPrevious(previous!)).toEqual({ dropped: true, warnings: [] });
        expect(await session.listPrevious()).toEqual([]);
      });
      const names = `SELECT datname FROM pg_database WHERE datname LIKE '${live}%' ORDER BY datname`;
      expect((await client.psql('postgres', names)).split('\n')).toEqual([live, similar]);
    } finally {
      await client.psql('postgres', `DROP DATABASE ${similar}`);
    }
  });
});
