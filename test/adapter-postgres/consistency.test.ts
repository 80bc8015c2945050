import { describe, expect, it } from 'vitest';
import { readAll, sourceOf } from '@geolens/backup-core/testing';
import { clusters, freshDatabase } from '../support/clusters.ts';
import { failure } from './support/failure.ts';
import { everything, linesOf, never, producerFor, within } from './support/producers.ts';
import { smallDatabase } from './support/small-database.ts';
import { countedBy, restoreInto } from './support/by-hand.ts';
import { session, until } from './support/sessions.ts';

const WAITING = `EXISTS (SELECT FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`;

describe.each(clusters())('a snapshot of $title', (facts) => {
  it('shows neither in its dump nor in its counts what was written after it was taken', async () => {
    const [database, target] = [await smallDatabase(facts), await freshDatabase(facts, { content: 'empty' })];
    const before = await countedBy(database.client, database.database);
    const { dump, counts } = await within(producerFor(database), async (snapshot, producer) => {
      await database.query(`INSERT INTO data.requests SELECT generate_series(1, 100); DELETE FROM data.stations;
        CREATE TABLE data.late AS SELECT 1 AS x; DELETE FROM data.large WHERE n < 10`);
      return everything(snapshot, producer);
    });
    expect(linesOf(counts)).toEqual(before);
    await restoreInto(target.client, target.database, dump);
    expect(await countedBy(target.client, target.database)).toEqual(before);
  });

  it.each([
    ['rewrites', 'ALTER TABLE data.stations ALTER COLUMN id TYPE bigint', 50],
    [
      'replaces',
      'ALTER TABLE data.stations RENAME TO gone; CREATE TABLE data.stations AS SELECT * FROM ONLY data.gone',
      50,
    ],
    [
      'empties and refills',
      'CREATE TABLE data.copied AS SELECT * FROM ONLY data.stations; TRUNCATE ONLY data.stations; INSERT INTO data.stations SELECT * FROM data.copied',
      50,
    ],
  ])('waits for a migration that %s a table, and has all its rows then', async (_, migration, rows) => {
    const [database, target] = [await smallDatabase(facts), await freshDatabase(facts, { content: 'empty' })];
    const [migrating, watching] = [await session(database), await session(database)];
    await migrating.query(`BEGIN; ${migration}`);
    const taking = producerFor(database).snapshot({ signal: never });
    await until(watching, WAITING);
    await migrating.query('COMMIT');
    const snapshot = await taking;
    const { dump, counts } = await everything(snapshot, producerFor(database)).finally(() =>
      snapshot.close(),
    );
    expect(linesOf(counts)).toContain(`data|stations|${rows}`);
    await restoreInto(target.client, target.database, dump);
    expect(await countedBy(target.client, target.database)).toEqual(linesOf(counts));
  });

  it('goes on when a table is dropped that it waits for', async () => {
    const database = await smallDatabase(facts);
    const [migrating, watching] = [await session(database), await session(database)];
    await migrating.query(
      'BEGIN; DROP TABLE data.stations_abroad; CREATE TABLE data.made_meanwhile AS SELECT 1 AS x',
    );
    const taking = producerFor(database).snapshot({ signal: never });
    await until(watching, WAITING);
    await migrating.query('COMMIT');
    const snapshot = await taking;
    const { counts } = await everything(snapshot, producerFor(database)).finally(() => snapshot.close());
    expect(linesOf(counts)).toContain('data|made_meanwhile|1');
    expect(counts.filter(({ table }) => table === 'stations_abroad')).toEqual([]);
  });

  it.each([
    'ALTER TABLE data.stations ALTER COLUMN id TYPE bigint',
    'TRUNCATE data.stations',
    'DROP TABLE data.stations CASCADE',
    'ALTER TABLE data.requests ADD y int',
  ])('is not falsified by another session that waits while it is dumped: %s', async (statement) => {
    const [database, target] = [await smallDatabase(facts), await freshDatabase(facts, { content: 'empty' })];
    const [migrating, watching] = [await session(database), await session(database)];
    const before = await countedBy(database.client, database.database);
    const snapshot = await producerFor(database).snapshot({ signal: never });
    const dump = snapshot.dump()[Symbol.asyncIterator]();
    const chunks = [(await dump.next()).value as Uint8Array]; // by now pg_dump has its locks
    const queued = migrating.query(statement);
    await until(watching, WAITING);
    for (let step = await dump.next(); step.done !== true; step = await dump.next()) chunks.push(step.value);
    await snapshot.close();
    await queued;
    const { rows } = await producerFor(database).check(sourceOf(Buffer.concat(chunks)), { signal: never });
    expect(linesOf(snapshot.rowCounts(rows).tables)).toEqual(before);
    await restoreInto(target.client, target.database, Buffer.concat(chunks));
    expect(await countedBy(target.client, target.database)).toEqual(before);
  });

  it('gives up soon, and says why, when a session that waits for it came between it and its programs', async () => {
    const database = await smallDatabase(facts);
    const [migrating, watching] = [await session(database), await session(database)];
    await within(producerFor(database, { lockTimeoutMs: 1_000 }), async (snapshot) => {
      const queued = migrating.query('TRUNCATE data.stations').catch((error: unknown) => error);
      await until(watching, WAITING);
      for (const work of [() => readAll(snapshot.dump()), () => readAll(snapshot.globals()!)]) {
        expect((await failure('TABLES_BUSY', work())).hint).toMatch(/keeps the table locked/);
      }
      await snapshot.close();
      await queued;
    });
  });
});
