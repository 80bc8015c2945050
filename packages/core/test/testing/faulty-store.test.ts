import { describe, expect, it } from 'vitest';
import { FaultyStore, MemoryStore, readAll, sourceOf } from '../../src/testing/index.ts';

const KEY = 'daily/geolens_20260101_020000.dump';

describe('the faulty store', () => {
  it('fails the calls that it is told to, and lets the others through', async () => {
    const failure = new Error('EIO');
    const inner = new MemoryStore();
    const store = new FaultyStore(inner, ({ operation }) =>
      operation === 'remove' || operation === 'read' ? failure : undefined,
    );
    await store.put(KEY, sourceOf('x'));
    await expect(store.remove(KEY)).rejects.toBe(failure);
    await expect(readAll(store.read(KEY))).rejects.toBe(failure);
    expect(inner.artifacts.has(KEY)).toBe(true);
    expect(store.calls).toEqual([
      { operation: 'put', key: KEY },
      { operation: 'remove', key: KEY },
      { operation: 'read', key: KEY },
    ]);
  });
});
