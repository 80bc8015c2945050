import { describe, expect, it } from 'vitest';
import { keepNewest, noLock, run } from '@geolens/backup-core';
import { FakeArchiver, ManualClock, MemoryJournal, MemoryStore } from '@geolens/backup-core/testing';
import { newestCluster } from '../support/clusters.ts';
import { producerFor } from './support/producers.ts';
import { OURS, session, until } from './support/sessions.ts';
import { smallDatabase } from './support/small-database.ts';

const HELD = `EXISTS (SELECT FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE relname = 'large' AND granted)
  OR EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND backend_xmin IS NOT NULL AND pid <> pg_backend_pid())`;

describe.each(newestCluster())('a run with a slow archive, on $title,', (facts) => {
  it('holds neither locks nor an old snapshot in the database once dump and globals have ended', async () => {
    const database = await smallDatabase(facts);
    const watching = await session(database);
    const archiver = new FakeArchiver();
    archiver.archive = async () => {
      await until(watching, HELD); // the archive begins after the snapshot was taken
      const content = async function* (): AsyncGenerator<Uint8Array> {
        yield Buffer.from('begin');
        await until(watching, `NOT (${HELD}) AND (${OURS}) = 0`);
        await database.query('DROP TABLE data.large');
      };
      return { content: content(), warnings: () => [] };
    };
    archiver.check = () => Promise.resolve({ members: 1 });
    const report = await run(
      {
        producer: producerFor(database),
        archiver,
        primary: new MemoryStore(),
        journal: new MemoryJournal(),
        clock: new ManualClock('2026-01-03T02:00:00Z'),
        lock: noLock,
        retention: keepNewest({ daily: 3, weekly: 2 }),
      },
      { toolVersion: '1.2.3' },
    );
    expect(report).toMatchObject({ outcome: 'succeeded', errors: [] });
    expect(report.manifest!.artifacts.map(({ kind }) => kind)).toEqual(['dump', 'globals', 'staging']);
  });
});
