import assert from 'node:assert/strict';
import { artifactKey, type ArtifactKey } from '../model/artifact-key.ts';
import type { ArtifactStore } from '../ports/artifact-store.ts';
import type { ContractCase } from './contract-case.ts';
import { chunksOf, readAll, sourceOf } from './sources.ts';
import { stagedUploadClauses } from './staged-upload-clauses.ts';
import {
  KEY,
  keys,
  listed,
  LONG,
  NAMES,
  rejectsWith,
  stopping,
  tagOf,
  type Clause,
} from './store-clauses.ts';

/**
 * Returns the contract of ArtifactStore.
 * @param make returns an empty store; called once for each case
 */
export function storeContract(make: () => Promise<ArtifactStore>): readonly ContractCase[] {
  const clause = (title: string, check: (store: ArtifactStore) => Promise<void>): ContractCase => ({
    title,
    check: async () => check(await make()),
  });
  return [
    clause('is empty at first, in both tiers', async (store) => {
      assert.deepEqual(await keys(store), []);
    }),
    clause('gives back what was put, byte for byte', async (store) => {
      await store.put(KEY, sourceOf(LONG));
      assert.ok((await readAll(store.read(KEY))).equals(LONG));
    }),
    clause('holds an artifact of no bytes', async (store) => {
      await store.put(KEY, sourceOf(''));
      assert.equal((await readAll(store.read(KEY))).length, 0);
      assert.deepEqual(await listed(store), [[KEY, 0]]);
    }),
    clause('lists every artifact once, in its tier, with its length', async (store) => {
      const weekly = artifactKey('weekly', NAMES[1]);
      await store.put(KEY, sourceOf('four'));
      await store.put(weekly, sourceOf('seven..'));
      assert.deepEqual(await listed(store), [
        [KEY, 4],
        [weekly, 7],
      ]);
    }),
    clause('bears any name that a database can bring about', async (store) => {
      for (const name of NAMES) await store.put(artifactKey('daily', name), sourceOf(name));
      assert.deepEqual(await keys(store), NAMES.map((name) => artifactKey('daily', name)).sort());
      for (const name of NAMES)
        assert.equal((await readAll(store.read(artifactKey('daily', name)))).toString(), name);
    }),
    clause('reads a range', async (store) => {
      await store.put(KEY, sourceOf(LONG));
      const range = { start: 1_000_001, end: 2_000_003 };
      assert.ok((await readAll(store.read(KEY, range))).equals(LONG.subarray(range.start, range.end)));
      assert.ok(
        (await readAll(store.read(KEY, { start: LONG.length - 1, end: LONG.length }))).equals(
          LONG.subarray(-1),
        ),
      );
    }),
    clause('lends each chunk until the next one is asked for', async (store) => {
      await store.put(KEY, sourceOf(LONG));
      for (const range of [undefined, { start: 5, end: LONG.length - 5 }]) {
        const copied: Uint8Array[] = [];
        for await (const chunk of store.read(KEY, range, { reuseBuffer: true }))
          copied.push(Uint8Array.from(chunk));
        assert.ok(Buffer.concat(copied).equals(LONG.subarray(range?.start, range?.end)));
      }
    }),
    clause('lets a reader stop after any chunk', async (store) => {
      await store.put(KEY, sourceOf(LONG));
      for (let chunks = 1; chunks <= 3; chunks += 1) {
        let left = chunks;
        for await (const chunk of store.read(KEY)) {
          left -= 1;
          if (chunk.length === 0 || left === 0) break;
        }
      }
      assert.ok((await readAll(store.read(KEY))).equals(LONG));
    }),
    clause('replaces an artifact that is put again', async (store) => {
      await store.put(KEY, sourceOf('old and longer'));
      await store.put(KEY, sourceOf('new'));
      assert.equal((await readAll(store.read(KEY))).toString(), 'new');
    }),
    clause(
      'gives an artifact another tag when it is replaced, and none or the same one until then',
      async (store) => {
        await store.put(KEY, sourceOf('one'));
        const [first, again] = [await tagOf(store), await tagOf(store)];
        await store.put(KEY, sourceOf('two'));
        assert.equal(again, first);
        assert.ok(first === undefined || (await tagOf(store)) !== first);
      },
    ),
    clause('answers ARTIFACT_NOT_FOUND for what is not there', async (store) => {
      await rejectsWith('ARTIFACT_NOT_FOUND', readAll(store.read(KEY)));
      await rejectsWith('ARTIFACT_NOT_FOUND', store.copy(KEY, artifactKey('weekly', NAMES[0])));
    }),
    clause('records what it has, if others can write to it', async (store) => {
      if (store.records === undefined) return;
      const weekly = artifactKey('weekly', NAMES[0]);
      const source = sourceOf(LONG);
      await store.put(KEY, source);
      await store.copy(KEY, weekly);
      const known = await store.records.read();
      const copy = await tagOf(store, weekly);
      assert.deepEqual(
        [known.get(KEY)?.tag, known.get(KEY)?.sha256, known.get(weekly)?.tag, known.get(weekly)?.sha256],
        [await tagOf(store), source.sha256, copy, source.sha256],
      );
      await store.remove(KEY);
      assert.equal((await store.records.read()).get(KEY), undefined);
    }),
    ...failedPuts(clause),
    ...stagedUploadClauses(clause),
    clause('copies to the other tier and leaves the original', async (store) => {
      const weekly = artifactKey('weekly', NAMES[0]);
      await store.put(KEY, sourceOf(LONG));
      await store.copy(KEY, weekly);
      assert.ok((await readAll(store.read(weekly))).equals(LONG));
      await store.remove(KEY);
      assert.ok((await readAll(store.read(weekly))).equals(LONG));
    }),
    clause('copies onto an artifact that is there, twice the same or another', async (store) => {
      const weekly = artifactKey('weekly', NAMES[0]);
      await store.put(KEY, sourceOf('one'));
      await store.put(weekly, sourceOf('another'));
      await store.copy(KEY, weekly);
      await store.copy(KEY, weekly);
      assert.equal((await readAll(store.read(weekly))).toString(), 'one');
      assert.deepEqual(await keys(store), [KEY, weekly]);
    }),
    clause('keeps a copy as it is when the original is replaced', async (store) => {
      const weekly = artifactKey('weekly', NAMES[0]);
      await store.put(KEY, sourceOf('one'));
      await store.copy(KEY, weekly);
      await store.put(KEY, sourceOf('two'));
      assert.equal((await readAll(store.read(weekly))).toString(), 'one');
    }),
    clause('removes an artifact, and does not mind when it is not there', async (store) => {
      await store.put(KEY, sourceOf('x'));
      await store.remove(KEY);
      await store.remove(KEY);
      assert.deepEqual(await keys(store), []);
    }),
    clause('clean-ups nothing when nothing was left over', async (store) => {
      await store.put(KEY, sourceOf('x'));
      assert.deepEqual(await store.cleanUp(), []);
      assert.deepEqual(await keys(store), [KEY]);
    }),
    clause('refuses a key that leaves its place', async (store) => {
      for (const key of [
        'daily/../escaped',
        'elsewhere/x',
        'daily/',
        'daily/.',
        'daily/..',
        '/daily/x',
        'daily/a/b',
      ] as ArtifactKey[]) {
        await assert.rejects(store.put(key, sourceOf('x')), key);
      }
    }),
  ];
}

/** Clauses about failed puts: the previous content stays. */
function failedPuts(clause: Clause): readonly ContractCase[] {
  const before = 'what was there before';
  const unharmed = async (
    store: ArtifactStore,
    attempt: (key: ArtifactKey) => Promise<void>,
  ): Promise<void> => {
    const other = artifactKey('weekly', NAMES[0]);
    await store.put(KEY, sourceOf(before));
    await attempt(KEY);
    await attempt(other);
    assert.deepEqual(await keys(store), [KEY]);
    assert.equal((await readAll(store.read(KEY))).toString(), before);
  };
  return [
    clause('leaves nothing of a put whose source fails half-way', async (store) =>
      unharmed(store, async (key) => {
        const failing = {
          ...sourceOf(LONG),
          open: () => chunksOf(LONG.subarray(0, 2_000_000), { failure: new Error('source failed') }),
        };
        await assert.rejects(store.put(key, failing));
      }),
    ),
    clause('leaves nothing of a put that is aborted', async (store) =>
      unharmed(store, async (key) => {
        const stop = new AbortController();
        const source = { ...sourceOf(LONG), open: () => stopping(LONG, stop) };
        await rejectsWith('ABORTED', store.put(key, source, { signal: stop.signal }));
      }),
    ),
    clause('leaves nothing of a put whose bytes are not those announced', async (store) =>
      unharmed(store, async (key) => {
        await rejectsWith('ARTIFACT_MISMATCH', store.put(key, sourceOf('five!', { bytes: 4 })));
        await rejectsWith('ARTIFACT_MISMATCH', store.put(key, sourceOf('five!', { bytes: 6 })));
        await rejectsWith('ARTIFACT_MISMATCH', store.put(key, sourceOf('five!', { sha256: 'a'.repeat(64) })));
      }),
    ),
  ];
}
