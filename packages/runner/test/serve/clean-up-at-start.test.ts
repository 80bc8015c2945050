import { describe, expect, it } from 'vitest';
import { BackupError, noLock, type Lock, type OrphanCleaner } from '@geolens/backup-core';
import { MemoryStore } from '@geolens/backup-core/testing';
import { cleanUpAtStart } from '../../src/serve/start.ts';
import { createLogger } from '../../src/present/logger.ts';

interface Circumstances {
  readonly lock?: Lock;
  readonly cleanUp?: () => Promise<readonly string[]>;
  readonly others?: readonly OrphanCleaner[];
}

/** What it does and says, in order. */
async function doneBy({
  lock = noLock,
  cleanUp = () => Promise.resolve([]),
  others = [],
}: Circumstances): Promise<readonly string[]> {
  const done: string[] = [];
  const log = createLogger({
    format: 'text',
    level: 'debug',
    write: (line) => done.push(line.slice('2026-01-01T00:00:00Z '.length).trimEnd()),
  });
  const primary = new MemoryStore();
  primary.cleanUp = () => {
    done.push('clean-up');
    return cleanUp();
  };
  const watched: Lock = {
    acquire: async (holder, options) => {
      const lease = await lock.acquire(holder, options);
      done.push(`lock for ${holder.command}, ${options?.whenHeld ?? 'fail'}`);
      return {
        ...lease,
        release: async () => {
          done.push('release');
          await lease.release();
        },
      };
    },
  };
  await cleanUpAtStart({
    cleaners: [primary, ...others],
    lock: watched,
    log,
    signal: new AbortController().signal,
  });
  return done;
}

const failingLock = (error: Error): Lock => ({ acquire: () => Promise.reject(error) });

describe('the clean-up at the start of the service', () => {
  it('is done under the lock, and tells what it removed', async () => {
    const cleanUp = () => Promise.resolve(['daily/.x.partial', 'daily/y.dump']);
    expect(await doneBy({ cleanUp })).toEqual([
      'lock for serve, fail',
      'clean-up',
      'release',
      'INFO  removed what work that died had left: daily/.x.partial, daily/y.dump',
    ]);
  });

  it('says nothing when there was nothing', async () => {
    expect(await doneBy({})).toEqual(['lock for serve, fail', 'clean-up', 'release']);
  });

  it('is left out without a word while another process works on the volume', async () => {
    expect(await doneBy({ lock: failingLock(new BackupError('LOCK_HELD', 'a run')) })).toEqual([]);
  });

  it('is a warning, and not the end of the service, when it fails', async () => {
    const error = new BackupError('STORE_FAILED', '/backups: EIO');
    expect(await doneBy({ cleanUp: () => Promise.reject(error) })).toEqual([
      'lock for serve, fail',
      'clean-up',
      expect.stringMatching(/^WARN .*could not be removed: \/backups: EIO$/),
      'release',
    ]);
    expect(await doneBy({ lock: failingLock(error) })).toEqual([expect.stringMatching(/^WARN .*EIO$/)]);
  });

  it('cleans up the rest when one part fails, and passes its warnings on', async () => {
    const other: OrphanCleaner = {
      cleanUp: ({ onWarning } = {}) => {
        onWarning?.('a record is damaged');
        return Promise.resolve(['a folder']);
      },
    };
    expect(
      await doneBy({
        cleanUp: () => Promise.reject(new BackupError('STORE_FAILED', '/backups: EIO')),
        others: [other],
      }),
    ).toEqual([
      'lock for serve, fail',
      'clean-up',
      expect.stringMatching(/^WARN .*EIO$/),
      expect.stringMatching(/^WARN +a record is damaged$/),
      'release',
      'INFO  removed what work that died had left: a folder',
    ]);
  });

  it('says nothing when the service is stopped meanwhile', async () => {
    expect(await doneBy({ lock: failingLock(new BackupError('ABORTED', 'stopped')) })).toEqual([]);
  });
});
