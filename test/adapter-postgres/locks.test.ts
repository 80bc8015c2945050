import { describe, expect, it, onTestFinished } from 'vitest';
import { PgDiagnosticCheck } from '@geolens/backup-adapter-postgres';
import { newestCluster } from '../support/clusters.ts';
import { startCluster } from '../support/postgres-cluster.ts';
import { failure } from './support/failure.ts';
import { env, everything, linesOf, never, producerFor, within, type Place } from './support/producers.ts';

const TABLES = 250;
/** 200 locks; with the memory that the server keeps spare, pg_dump alone gets enough. */
const SETTINGS = { max_locks_per_transaction: '10', max_connections: '20' };

const MANY = `CREATE SCHEMA many; DO $$ BEGIN FOR i IN 1..${TABLES} LOOP
  EXECUTE format('CREATE TABLE many.t_%s AS SELECT %s AS id', i, i); COMMIT; END LOOP; END $$`;

const LOCKED = `SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE relnamespace = 'many'::regnamespace`;

describe.each(newestCluster())('more tables than $title has locks for', ({ binDir }) => {
  async function database(): Promise<Place & { psql: (sql: string) => Promise<string> }> {
    const cluster = await startCluster({ binDir, settings: SETTINGS });
    onTestFinished(() => cluster.stop());
    await cluster.createDatabase('app');
    const psql = (sql: string): Promise<string> => cluster.psql('app', sql);
    await psql(MANY);
    const { host, port, user } = cluster;
    return { host, port, user, binDir, database: 'app', psql };
  }

  it('are locked by pg_dump alone', async () => {
    const place = await database();
    await within(producerFor(place), async (snapshot, producer) => {
      expect(await place.psql(LOCKED)).toBe('0');
      const { counts } = await everything(snapshot, producer);
      expect(counts.length).toBe(TABLES);
      expect(snapshot.warnings()).toEqual([]);
    });
  });

  it('are a warning of doctor', async () => {
    const { host, port, user, database: name } = await database();
    const connection = { host, port, user, database: name };
    const check = new PgDiagnosticCheck({ connection, rolePasswords: false, binDir, env });
    const results = await check.inspect({ signal: never });
    expect(results.filter(({ level }) => level !== 'ok')).toMatchObject([
      {
        subject: 'content',
        level: 'warn',
        message: expect.stringContaining('250 tables') as string,
        hint: expect.stringContaining('max_locks_per_transaction') as string,
      },
    ]);
  });

  it.each(['TRUNCATE many.t_7', 'ALTER TABLE many.t_7 ALTER COLUMN id TYPE bigint'])(
    'are asked whether they are those of the snapshot: %s is TABLES_BUSY, then a warning',
    async (statement) => {
      const place = await database();
      await within(producerFor(place), async (snapshot, producer) => {
        await place.psql(`INSERT INTO many.t_8 VALUES (1); ${statement}`);
        const { message } = await failure('TABLES_BUSY', everything(snapshot, producer));
        expect(message).toContain('another session rewrote many.t_7');
      });
      const snapshot = await producerFor(place).snapshot({ signal: never, tolerant: true });
      await place.psql(statement.replace('bigint', 'smallint'));
      const { counts } = await everything(snapshot, producerFor(place)).finally(() => snapshot.close());
      expect(linesOf(counts)).toContain('many|t_8|2');
      expect(snapshot.warnings()).toEqual([expect.stringContaining('many.t_7')]);
    },
  );
});
