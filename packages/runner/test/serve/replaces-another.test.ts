import { describe, expect, it } from 'vitest';
import { artifactKey, BackupError } from '@geolens/backup-core';
import { FaultyStore, MemoryStore } from '@geolens/backup-core/testing';
import { replacesAnother } from '../../src/serve/start.ts';
import { commandKit } from '../support/command-kit.ts';

function storeWith(name: string, ...databases: string[]): MemoryStore {
  const store = new MemoryStore(name);
  for (const database of databases)
    store.artifacts.set(artifactKey('daily', `${database}_20260101_020000.dump`), new Uint8Array(10));
  return store;
}

describe('a machine', () => {
  it('replaces another when its volume has no set of the database and a bucket has: the log says what to do', async () => {
    const { context, output } = await commandKit(storeWith('local', 'other'), [
      storeWith('s3', 'geolens', 'other'),
    ]);
    expect(await replacesAnother(context)).toBe(true);
    expect(output.logged).toContain(
      'WARN  the volume has no set of geolens, but s3 has 1 set, the newest of 20260101_020000: no run is made before the next slot',
    );
    expect(output.logged).toContain('restore first: geolens-backup restore latest');
  });

  it.each<[string, MemoryStore, MemoryStore[]]>([
    ['its volume has a set', storeWith('local', 'geolens'), [storeWith('s3', 'geolens')]],
    ['there is no other store', storeWith('local'), []],
    ['the bucket has sets of other databases only', storeWith('local'), [storeWith('s3', 'other')]],
  ])('replaces none when %s', async (_, primary, replicas) => {
    const { context, output } = await commandKit(primary, replicas);
    expect(await replacesAnother(context)).toBe(false);
    expect(output.logged).toBe('');
  });

  it('replaces none as far as is known when the bucket cannot be asked: a backup is made rather than not', async () => {
    const away = new FaultyStore(
      storeWith('s3', 'geolens'),
      () => new BackupError('STORE_UNAVAILABLE', 'no route'),
    );
    const { context } = await commandKit(storeWith('local'), [away]);
    expect(await replacesAnother(context)).toBe(false);
  });
});
