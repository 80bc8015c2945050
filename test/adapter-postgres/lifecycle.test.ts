import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readAll, sourceOf } from '@geolens/backup-core/testing';
import { processesWith, Script, until as eventually } from '../../packages/system/test/support/processes.ts';
import { clusters } from '../support/clusters.ts';
import { startCluster } from '../support/postgres-cluster.ts';
import { failure } from './support/failure.ts';
import { env, everything, linesOf, never, producerFor, within } from './support/producers.ts';
import { OURS, session, until } from './support/sessions.ts';
import { smallDatabase } from './support/small-database.ts';

/** Enough that a dump which nobody reads is stuck in the middle. */
const BULK = `CREATE TABLE data.bulk AS SELECT n, repeat(md5(n::text), 20) AS text FROM generate_series(1, 100000) n`;

/**
 * The process that this one has started with the text on its command line; other tests run the same programs.
 */
function childWith(text: string): number {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
    .trim()
    .split(' ');
  return Number(children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text)));
}

describe.each(clusters())('a dump of $title', (facts) => {
  it('leaves no process and no session when it is aborted in the middle', async () => {
    const database = await smallDatabase(facts);
    await database.query(BULK);
    const watching = await session(database);
    const stop = new AbortController();
    const snapshot = await producerFor(database, { compression: 'none' }).snapshot({ signal: stop.signal });
    const reading = (async () => {
      for await (const chunk of snapshot.dump()) {
        expect(chunk.length).toBeGreaterThan(0);
        stop.abort();
      }
    })();
    await failure('ABORTED', reading);
    await until(watching, `(${OURS}) = 0`, 8_000);
    await snapshot.close();
  });

  it('is not begun when it is aborted while it waits for a table', async () => {
    const database = await smallDatabase(facts);
    const [other, watching] = [await session(database), await session(database)];
    await other.query('BEGIN; LOCK TABLE data.large IN ACCESS EXCLUSIVE MODE');
    const stop = new AbortController();
    const taking = failure('ABORTED', producerFor(database).snapshot({ signal: stop.signal }));
    await until(
      watching,
      'EXISTS (SELECT FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))',
    );
    stop.abort();
    await taking;
    await until(watching, `(${OURS}) = 0`, 8_000);
  });

  it('leaves no process and no session when its process is killed in the middle', async () => {
    const database = await smallDatabase(facts);
    await database.query(BULK);
    const watching = await session(database);
    const { host, port, user, binDir } = facts;
    const options = {
      env,
      binDir,
      compression: 'none',
      connection: { host, port, user, database: database.database },
    };
    const script = new Script(new URL('support/scripts/dump.ts', import.meta.url), JSON.stringify(options));
    await script.says('dumping');
    await until(watching, `(${OURS}) = 2`);
    await script.kill('SIGKILL');
    await until(watching, `(${OURS}) = 0`, 8_000);
    await eventually(
      () => processesWith(`--snapshot=`).every((pid) => pid !== script.pid),
      'pg_dump is gone',
    );
  });

  it('leaves no session when pg_dump is killed while it waits for a table', async () => {
    const database = await smallDatabase(facts);
    const [other, watching] = [await session(database), await session(database)];
    const snapshot = await producerFor(database).snapshot({ signal: never });
    const altering = other.query('ALTER TABLE data.large ADD COLUMN late integer');
    altering.catch(() => undefined);
    await until(watching, `EXISTS (SELECT FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock')`);
    const dumping = failure('DUMP_FAILED', readAll(snapshot.dump()));
    await until(watching, `(SELECT count(*) FROM pg_locks WHERE NOT granted) = 2`);
    process.kill(childWith('--no-acl'), 'SIGKILL');
    await dumping;
    await until(watching, `(SELECT count(*) FROM pg_locks WHERE NOT granted) = 1`, 8_000);
    await snapshot.close();
    await altering;
  });

  it('gives back its sessions when it is closed', async () => {
    const database = await smallDatabase(facts);
    const watching = await session(database);
    await within(producerFor(database), everything);
    await until(watching, `(${OURS}) = 0`, 8_000);
  });

  it('fails, and is not just shorter, when the server goes away in the middle', async () => {
    await using cluster = await startCluster({ binDir: facts.binDir });
    await cluster.psql('postgres', `CREATE SCHEMA data; ${BULK}`);
    const { host, port, user, binDir } = cluster;
    const producer = producerFor({ host, port, user, binDir, database: 'postgres' }, { compression: 'none' });
    const snapshot = await producer.snapshot({ signal: never });
    let stopped: Promise<void> | undefined;
    const reading = (async () => {
      for await (const chunk of snapshot.dump()) {
        expect(chunk.length).toBeGreaterThan(0);
        await (stopped ??= cluster.stop());
      }
    })();
    const error = await failure('DATABASE_UNREACHABLE', reading);
    expect(error.message).toContain('pg_dump');
    expect((await readAll(snapshot.globals()!)).toString()).toContain('could not be read');
    expect(snapshot.warnings()).toEqual([
      expect.stringMatching(/^the globals lack the roles of the server: .*pg_dumpall/),
      expect.stringMatching(/^the globals lack the grants on objects: .*pg_dump/),
    ]);
    await snapshot.close();
  });

  it('manages three thousand tables with as many locks as a server has by default', async () => {
    await using cluster = await startCluster({
      binDir: facts.binDir,
      settings: { max_connections: '100', max_wal_senders: '10', wal_level: 'replica' },
    });
    for (let start = 0; start < 3000; start += 250) {
      await cluster.psql(
        'postgres',
        `DO $$ BEGIN FOR n IN ${start + 1}..${start + 250} LOOP
           EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, x int); INSERT INTO t%1$s VALUES (%1$s, 1)', n);
         END LOOP; END $$`,
      );
    }
    const { host, port, user, binDir } = cluster;
    const { dump, counts } = await within(
      producerFor({ host, port, user, binDir, database: 'postgres' }),
      everything,
    );
    expect(counts).toHaveLength(3000);
    expect(new Set(linesOf(counts).map((line) => line.split('|')[2]))).toEqual(new Set(['1']));
    await producerFor({ host, port, user, binDir, database: 'postgres' }).check(sourceOf(dump), {
      signal: never,
    });
  });
});
