import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { BackupError, keepNewest, noLock, type ArtifactKey } from '@geolens/backup-core';
import { FakeArchiver, FakeDrill, FakeDumpProducer, FakeDumpRestorer, FakeStagingRestorer, FaultyStore, ManualClock, MemoryJournal, MemoryStore } from '@geolens/backup-core/testing';
import { prune } from '../../src/commands/prune.ts';
import { readConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/log/logger.ts';

const STUCK: ArtifactKey = 'daily/staging-20260102_020000.tar.gz';
const nothing = (): Promise<never> => Promise.reject(new Error('not asked for'));
const error = new BackupError('STORE_FAILED', `${STUCK}: EIO`);

/** Prunes five sets of which one stays, and of another one a file cannot be removed. */
async function pruned(json: boolean): Promise<{ said: string; logged: string; left: readonly string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'geolens-backup-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const store = new MemoryStore();
  for (const day of ['01', '02', '03', '04', '05']) {
    for (const name of [`geolens_202601${day}_020000.dump`, `staging-202601${day}_020000.tar.gz`]) store.artifacts.set(`daily/${name}`, new Uint8Array(1));
  }
  const primary = new FaultyStore(store, ({ operation, key }) => (operation === 'remove' && key === STUCK ? error : undefined));
  let [said, logged] = ['', ''];
  const services = {
    primary, replicas: [], stores: [primary], lock: noLock, retention: keepNewest({ daily: 1, weekly: 1 }), clock: new ManualClock('2026-02-01T00:00:00Z'),
    journal: new MemoryJournal(), producer: new FakeDumpProducer(), archiver: new FakeArchiver(),
    restorer: new FakeDumpRestorer(), stagingRestorer: new FakeStagingRestorer(), sweepers: [], drill: new FakeDrill(), giveWay: () => Promise.resolve(), files: { dump: nothing, archive: nothing },
  };
  const log = createLogger({ format: 'text', level: 'info', write: (line) => (logged += line) });
  const io = { stdout: (text: string) => (said += text), stderr: () => undefined };
  const config = readConfig({ BACKUP_DIR: folder, STAGING_DIR: '/nowhere', POSTGRES_DB: 'geolens' });
  const context = { config, services, io, log, redact: (text: string) => text, signal: new AbortController().signal };
  await expect(prune(context, { json, dryRun: false })).rejects.toBe(error);
  return { said, logged, left: [...store.artifacts.keys()].sort() };
}

it('`prune` tells what it removed though a file could not be, and ends with that error', async () => {
  const { said, logged, left } = await pruned(false);
  expect(left).toEqual(['daily/geolens_20260105_020000.dump', STUCK, 'daily/staging-20260105_020000.tar.gz'].sort());
  const verdicts = said.split('\n').slice(1).map((line) => line.split(/ {2,}/).slice(0, 3).join(' '));
  expect(verdicts).toEqual([
    '20260105_020000 daily keep', '20260104_020000 daily remove', '20260103_020000 daily remove', '20260102_020000 daily partly removed', '20260101_020000 daily remove', '',
  ]);
  expect(logged).toContain('retention removed 3 of 5 sets');
});

it('`prune --json` lists what is gone beside what should be', async () => {
  const { said } = await pruned(true);
  const { remove, removed } = JSON.parse(said) as { remove: string[]; removed: string[] };
  expect(remove).toHaveLength(8);
  expect(removed).toEqual(remove.filter((key) => key !== STUCK));
});
