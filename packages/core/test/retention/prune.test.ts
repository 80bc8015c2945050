import { describe, expect, it } from 'vitest';
import {
  artifactKey,
  BackupError,
  formatTimestamp,
  keepNewest,
  noLock,
  prune,
  type ArtifactKey,
  type Lock,
} from '../../src/index.ts';
import { formatManifest } from '../../src/internal.ts';
import { FaultyStore, ManualClock, MemoryStore, type StoreCall } from '../../src/testing/index.ts';
import { manifestOf } from '../support/manifests.ts';

const DAY = 86_400_000;

function addSet(store: MemoryStore, moment: Date): void {
  const timestamp = formatTimestamp(moment);
  store.artifacts.set(artifactKey('daily', `geolens_${timestamp}.dump`), new Uint8Array(10));
  store.artifacts.set(artifactKey('daily', `staging-${timestamp}.tar.gz`), new Uint8Array(5));
  store.artifacts.set(
    artifactKey('daily', `manifest-${timestamp}.json`),
    Buffer.from(formatManifest(manifestOf(timestamp))),
  );
}

function kit(days: number, fault: (call: StoreCall) => Error | undefined = () => undefined) {
  const inner = new MemoryStore();
  const clock = new ManualClock('2026-01-01T12:00:00Z');
  for (let day = 0; day < days; day += 1) addSet(inner, new Date(Date.UTC(2026, 0, 1 + day, 2)));
  clock.jumpTo(new Date(Date.UTC(2026, 0, days, 12)));
  const primary = new FaultyStore(inner, fault);
  return {
    inner,
    clock,
    primary,
    parts: { primary, clock, lock: noLock, retention: keepNewest({ daily: 3, weekly: 1 }) },
  };
}

const daysIn = (store: MemoryStore): string[] =>
  [...new Set([...store.artifacts.keys()].map((key) => /_?\d{6}(\d\d)_/.exec(key)?.[1] ?? key))].sort();
const NEVER = new AbortController().signal;
const OPTIONS = { database: 'geolens', dryRun: false };

describe('pruning', () => {
  it('follows the clock, day by day, and never touches a foreign file', async () => {
    const { inner, clock, parts } = kit(1);
    inner.artifacts.set('daily/notes.txt', new Uint8Array(1));
    for (let day = 2; day <= 10; day += 1) {
      await clock.advance(DAY);
      addSet(inner, clock.now());
      await prune(parts, OPTIONS);
      const expected = [day - 2, day - 1, day]
        .filter((one) => one > 0)
        .map((one) => String(one).padStart(2, '0'));
      expect(daysIn(inner)).toEqual([...expected, 'daily/notes.txt']);
    }
  });

  it('removes nothing in a dry run, and says what it would remove', async () => {
    const { inner, primary, parts } = kit(5);
    const held: Lock = { acquire: () => Promise.reject(new BackupError('LOCK_HELD', 'held')) };
    const plan = await prune({ ...parts, lock: held }, { ...OPTIONS, dryRun: true });
    expect(plan.remove).toHaveLength(6);
    expect(inner.artifacts.size).toBe(15);
    expect(primary.calls.some(({ operation }) => operation === 'cleanUp' || operation === 'remove')).toBe(
      false,
    );
  });

  it('does nothing while another process holds the lock', async () => {
    const { primary, parts } = kit(5);
    const held: Lock = { acquire: () => Promise.reject(new BackupError('LOCK_HELD', 'held')) };
    await expect(prune({ ...parts, lock: held }, OPTIONS)).rejects.toMatchObject({ code: 'LOCK_HELD' });
    expect(primary.calls).toEqual([]);
  });

  it('gives the lock back, also when it fails', async () => {
    let released = 0;
    const lock: Lock = {
      acquire: () => Promise.resolve({ lost: NEVER, release: () => Promise.resolve(void (released += 1)) }),
    };
    await prune({ ...kit(5).parts, lock }, OPTIONS);
    const failing = kit(5, ({ operation }) =>
      operation === 'remove' ? new BackupError('STORE_FAILED', 'stuck') : undefined,
    );
    await expect(prune({ ...failing.parts, lock }, OPTIONS)).rejects.toMatchObject({ message: 'stuck' });
    expect(released).toBe(2);
  });

  it('lets one stubborn file keep its own set only: the others go, and it is reported', async () => {
    const stubborn: ArtifactKey = 'daily/geolens_20260103_020000.dump';
    const { inner, parts } = kit(7, ({ operation, key }) =>
      operation === 'remove' && key === stubborn ? new BackupError('STORE_FAILED', 'stuck') : undefined,
    );
    await expect(prune(parts, OPTIONS)).rejects.toMatchObject({ message: 'stuck' });
    expect(daysIn(inner)).toEqual(['03', '05', '06', '07']);
    expect(inner.artifacts.has('daily/manifest-20260103_020000.json')).toBe(false);
    expect(inner.artifacts.has('daily/staging-20260103_020000.tar.gz')).toBe(true);
  });

  it('keeps a set whose manifest the disk does not give up, counts it for nothing, and removes others all the same', async () => {
    const { inner, parts } = kit(7, ({ operation, key }) =>
      operation === 'read' && key?.includes('20260102') === true
        ? new BackupError('STORE_FAILED', 'EIO')
        : undefined,
    );
    const { verdicts } = await prune(parts, OPTIONS);
    expect(daysIn(inner)).toEqual(['02', '05', '06', '07']);
    expect(verdicts.find(({ set }) => set.timestamp.startsWith('20260102'))).toMatchObject({
      keep: true,
      reason: 'nobody knows what it is: EIO',
    });
  });

  it('removes nothing while the manifest of the newest set cannot be read: it may be that of a suspicious one', async () => {
    const { inner, parts } = kit(7, ({ operation, key }) =>
      operation === 'read' && key?.includes('20260107') === true
        ? new BackupError('STORE_FAILED', 'EIO')
        : undefined,
    );
    expect(await prune(parts, OPTIONS)).toMatchObject({
      remove: [],
      suspendedBy: { timestamp: '20260107_020000' },
    });
    expect(daysIn(inner)).toHaveLength(7);
  });

  it('stops at once when it is told to', async () => {
    const stop = new AbortController();
    const { inner, parts } = kit(7, ({ operation }) => {
      if (operation === 'remove') stop.abort();
      return undefined;
    });
    await expect(prune(parts, { ...OPTIONS, signal: stop.signal })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect(inner.artifacts.size).toBe(20);
  });

  it('removes nothing more once its lock is lost', async () => {
    const loss = new AbortController();
    const lost = new BackupError('LOCK_LOST', 'flock was killed');
    const { inner, parts } = kit(7, ({ operation }) => {
      if (operation === 'remove') loss.abort(lost);
      return undefined;
    });
    const lock: Lock = {
      acquire: () => Promise.resolve({ lost: loss.signal, release: () => Promise.resolve() }),
    };
    await expect(prune({ ...parts, lock }, OPTIONS)).rejects.toBe(lost);
    expect(inner.artifacts.size).toBe(20);
  });

  it('leaves good sets alone when the clock was put back before all of them', async () => {
    const { inner, clock, parts } = kit(9);
    clock.jumpTo('2020-01-01T00:00:00Z');
    expect((await prune(parts, OPTIONS)).remove).toEqual([]);
    expect(inner.artifacts.size).toBe(27);
  });
});
