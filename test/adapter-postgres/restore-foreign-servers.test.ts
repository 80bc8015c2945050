import { describe, expect, it } from 'vitest';
import { PgDumpRestorer } from '../../packages/adapter-postgres/src/restore/pg-dump-restorer.ts';
import { clusters, freshDatabase } from '../support/clusters.ts';
import { env, never } from './support/producers.ts';
import { restored, restoreTestIn, restoreTestParent } from './support/restore-tests.ts';
import { backupOf } from './support/restoring.ts';

const FOREIGN = `CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw; CREATE USER MAPPING FOR PUBLIC SERVER files;
  CREATE FOREIGN TABLE users (line text) SERVER files OPTIONS (filename '/etc/passwd');
  CREATE VIEW over_users AS SELECT line FROM users; CREATE TABLE t AS SELECT 1 AS id;
  CREATE MATERIALIZED VIEW "The users" AS SELECT * FROM over_users; CREATE MATERIALIZED VIEW own AS SELECT * FROM t`;

const SKIPPED =
  'skipped: the materialized view public.The users was not filled, for its foreign tables are on another server';

describe.each(clusters())('foreign servers of a database of $title', (facts) => {
  it('are not asked where the restore is not allowed to', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    await database.query(FOREIGN);
    const backup = await backupOf(database);
    const { host, port, user, database: name, binDir } = database;
    const restorer = new PgDumpRestorer({
      connection: { host, port, user, database: name },
      binDir,
      env,
      foreignServers: false,
    });
    const session = await restorer.open(name, { exclusive: true, signal: never });
    const aside = await session.restoreAside(backup);
    const { previous } = await aside.swap();
    await session.finishSwap(previous, { drop: true });
    await session.close();
    expect(aside.incomplete).toEqual([SKIPPED]);
    expect(await database.query('SELECT count(*) FROM pg_user_mappings')).toBe('0');
    expect(
      await database.query(`SELECT relname, relispopulated FROM pg_class WHERE relkind = 'm' ORDER BY 1`),
    ).toBe('The users|f\nown|t');
  });

  it('are not asked by a restore test, which names the views', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    await database.query(FOREIGN);
    const restoreTest = restoreTestIn(await restoreTestParent(), facts);
    const result = await restored(restoreTest, await backupOf(database));
    expect(result.outcome).toBe('passed');
    expect(result.warnings).toContain(SKIPPED);
  });
});
