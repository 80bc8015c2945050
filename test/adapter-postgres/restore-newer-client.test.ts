import { expect, it } from 'vitest';
import { clusters, freshDatabase } from '../support/clusters.ts';
import { backupOf, restoring } from './support/restoring.ts';

const sorted = clusters().toSorted((one, other) => one.major - other.major);
const [oldest, newest] = [sorted[0]!, sorted.at(-1)!];

it.runIf(newest.major > oldest.major)(
  'restores what newer client programs have made of a server, onto that server, in every way',
  async () => {
    const database = await freshDatabase(oldest, { content: 'empty' });
    await database.query(
      `CREATE TABLE t (id int); INSERT INTO t VALUES (1); GRANT SELECT ON t TO pg_monitor`,
    );
    const place = { ...database, binDir: newest.binDir };
    const backup = await backupOf(place);
    await restoring(place, async (session) => {
      const lost = async (): Promise<unknown> =>
        database.query('TRUNCATE t; REVOKE ALL ON t FROM pg_monitor');
      const found = (): Promise<string> =>
        database.query(`SELECT id, has_table_privilege('pg_monitor', 't', 'SELECT') FROM t`);
      await lost();
      await session.restoreTables(backup, { tables: ['public.t'], schemas: [] });
      expect(await found()).toBe('1|t');
      await lost();
      await session.restoreInPlace(backup);
      expect(await found()).toBe('1|t');
      await lost();
      const { previous } = await (await session.restoreAside(backup)).swap();
      await session.finishSwap(previous, { drop: true });
      expect(await found()).toBe('1|t');
    });
  },
);
