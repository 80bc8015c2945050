import { describe, expect, it } from 'vitest';
import { artifactKey, BackupError, bytesOf, readSets } from '../../src/index.ts';
import { formatManifest } from '../../src/internal.ts';
import { FaultyStore, MemoryStore } from '../../src/testing/index.ts';
import { at, manifestOf } from '../support/manifests.ts';

const days = Array.from({ length: 25 }, (_, day) => at(`202601${String(day + 1).padStart(2, '0')}_020000`));

function filledStore(count = days.length): MemoryStore {
  const store = new MemoryStore();
  for (const timestamp of days.slice(0, count)) {
    store.artifacts.set(artifactKey('daily', `geolens_${timestamp}.dump`), new Uint8Array(10));
    store.artifacts.set(artifactKey('daily', `staging-${timestamp}.tar.gz`), new Uint8Array(5));
    store.artifacts.set(
      artifactKey('daily', `manifest-${timestamp}.json`),
      Buffer.from(formatManifest(manifestOf(timestamp))),
    );
  }
  return store;
}

describe('reading the sets of a store', () => {
  it('finds them all, complete, newest first', async () => {
    const sets = await readSets(filledStore());
    expect(sets.map(({ timestamp }) => timestamp)).toEqual([...days].reverse());
    expect(new Set(sets.map(({ state }) => state))).toEqual(new Set(['complete']));
    expect(bytesOf(sets[0]!)).toBeGreaterThan(15);
  });

  it('is empty for an empty store', async () => {
    expect(await readSets(new MemoryStore())).toEqual([]);
  });

  it('takes a set for partial whose manifest cannot be read, and no other', async () => {
    const bad = artifactKey('daily', `manifest-${days[3]!}.json`);
    const store = new FaultyStore(filledStore(), ({ operation, key }) =>
      operation === 'read' && key === bad ? new BackupError('STORE_FAILED', 'bad sector') : undefined,
    );
    const partial = (await readSets(store)).filter(({ state }) => state === 'partial');
    expect(partial).toMatchObject([{ timestamp: days[3], problems: ['bad sector'] }]);
  });

  it('does not read a manifest that is far too large', async () => {
    const inner = filledStore();
    const key = artifactKey('daily', `manifest-${days[0]!}.json`);
    const store = new FaultyStore(inner, () => undefined);
    store.list = async function* (tier) {
      for await (const artifact of inner.list(tier))
        yield artifact.key === key ? { ...artifact, bytes: 65 * 1024 * 1024 } : artifact;
    };
    expect((await readSets(store)).find(({ state }) => state === 'partial')?.problems[0]).toContain(
      '68157440 bytes',
    );
    expect(store.calls).not.toContainEqual({ operation: 'read', key });
  });

  it('fails when the store cannot be listed: no sets and no answer are two things', async () => {
    const store = new FaultyStore(filledStore(), ({ operation }) =>
      operation === 'list' ? new BackupError('STORE_UNAVAILABLE', 'gone') : undefined,
    );
    await expect(readSets(store)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('stops when it is told to, and takes no set for partial because of it', async () => {
    const stop = new AbortController();
    const store = new FaultyStore(filledStore(1), ({ operation }) => {
      if (operation !== 'read') return undefined;
      stop.abort();
      return new Error('socket closed');
    });
    await expect(readSets(store, { signal: stop.signal })).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
