import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { keepNewest, noLock, type ArtifactStore, type Cipher, type PrimaryStore } from '@geolens/backup-core';
import {
  FakeArchiver,
  FakeDumpProducer,
  FakeDumpRestorer,
  FakeRestoreTester,
  FakeStagingRestorer,
  ManualClock,
  MemoryJournal,
} from '@geolens/backup-core/testing';
import { readConfig } from '../../src/config/config.ts';
import { createLogger, LogTail } from '../../src/present/logger.ts';
import type { CommandContext } from '../../src/services.ts';

/** What a command gets, with everything behind it in memory, and what it said. */
export interface CommandKit {
  readonly context: CommandContext;
  readonly output: { said: string; logged: string };
}

const nothing = (): Promise<never> => Promise.reject(new Error('not asked for'));

/**
 * One set of each tier is kept. Only the folder that BACKUP_DIR names is a real one.
 * @param readCipher opens encrypted sets, and names the recipients of new ones; the stores are as given
 */
export async function commandKit(
  primary: PrimaryStore,
  replicas: readonly ArtifactStore[] = [],
  readCipher?: Cipher,
): Promise<CommandKit> {
  const folder = await mkdtemp(join(tmpdir(), 'geolens-backup-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const output = { said: '', logged: '' };
  const services = {
    primary,
    replicas,
    stores: [primary, ...replicas],
    lock: noLock,
    retention: keepNewest({ daily: 1, weekly: 1 }),
    clock: new ManualClock('2026-02-01T00:00:00Z'),
    journal: new MemoryJournal(),
    producer: new FakeDumpProducer(),
    archiver: new FakeArchiver(),
    restorer: new FakeDumpRestorer(),
    stagingRestorer: new FakeStagingRestorer(),
    cleaners: [],
    restoreTest: new FakeRestoreTester(),
    checkAssertions: () => Promise.resolve(),
    probe: { inspect: () => Promise.resolve({ server: 'answers' } as const) },
    lowerPriority: () => Promise.resolve(),
    reportOf: () => ({
      path: '/nowhere',
      collect: <T>(work: () => Promise<T>): Promise<T> => work(),
      save: () => Promise.resolve(false),
    }),
    notifiers: [],
    diagnosticChecks: [],
    freeBytes: () => Promise.resolve(1e12),
    readCipher,
    checkKeys: () => Promise.resolve(),
    files: { dump: nothing, dumpOf: (path: string) => Promise.resolve(path), archive: nothing },
  };
  const tail = new LogTail();
  const log = createLogger({ tail, format: 'text', level: 'info', write: (line) => (output.logged += line) });
  const io = { stdout: (text: string) => (output.said += text), stderr: () => undefined };
  const config = readConfig({ BACKUP_DIR: folder, STAGING_DIR: '/nowhere', POSTGRES_DB: 'geolens' });
  return {
    context: {
      config,
      services,
      io,
      log,
      tail,
      redact: (text: string) => text,
      signal: new AbortController().signal,
    },
    output,
  };
}
