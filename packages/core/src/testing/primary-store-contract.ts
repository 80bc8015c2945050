import assert from 'node:assert/strict';
import { artifactKey } from '../model/artifact-key.ts';
import type { PrimaryStore } from '../ports/primary-store.ts';
import type { ContractCase } from './contract-case.ts';
import { chunksOf, readAll, sourceOf } from './sources.ts';
import { rejectsWith, storeContract } from './store-contract.ts';

const DUMP = artifactKey('daily', 'geolens_20260101_020000.dump');
const MANIFEST = artifactKey('daily', 'manifest-20260101_020000.json');

/** The clauses of PrimaryStore, with all those of ArtifactStore. */
export function primaryStoreContract(make: () => Promise<PrimaryStore>): readonly ContractCase[] {
  const clause = (title: string, check: (store: PrimaryStore) => Promise<void>): ContractCase => ({
    title,
    check: async () => check(await make()),
  });
  return [
    ...storeContract(make),
    clause('does not show a draft, and lets it be read, whole and in parts', async (store) => {
      const draft = await store.draft(DUMP, chunksOf('0123456789', { size: 3 }));
      assert.deepEqual(await visible(store), []);
      assert.equal(draft.bytes, 10);
      assert.equal(draft.sha256, sourceOf('0123456789').sha256);
      assert.equal((await readAll(draft.open())).toString(), '0123456789');
      assert.equal((await readAll(draft.open({ start: 2, end: 5 }))).toString(), '234');
      await draft.discard();
    }),
    clause(
      'lets a draft be read on when it gets its name, also by those who have it from before',
      async (store) => {
        const [dump, manifest] = [
          await store.draft(DUMP, chunksOf('0123456789')),
          await store.draft(MANIFEST, chunksOf('manifest')),
        ];
        const begun = dump.open();
        await store.publish([dump, manifest]);
        assert.equal((await readAll(begun)).toString(), '0123456789');
        assert.equal((await readAll(dump.open({ start: 2, end: 5 }))).toString(), '234');
      },
    ),
    clause('writes drafts side by side, the very first ones too', async (store) => {
      const drafts = await Promise.all([
        store.draft(DUMP, chunksOf('dump')),
        store.draft(MANIFEST, chunksOf('manifest')),
      ]);
      await store.publish(drafts);
      assert.deepEqual(await visible(store), [DUMP, MANIFEST]);
    }),
    clause('shows drafts once they are published', async (store) => {
      const drafts = [
        await store.draft(DUMP, chunksOf('dump')),
        await store.draft(MANIFEST, chunksOf('manifest')),
      ];
      await store.publish(drafts);
      assert.deepEqual(await visible(store), [DUMP, MANIFEST]);
      assert.equal((await readAll(store.read(DUMP))).toString(), 'dump');
    }),
    clause('writes drafts side by side', async (store) => {
      const names = [
        'globals-20260101_020000.sql',
        'staging-20260101_020000.tar.gz',
        'geolens_20260101_020000.dump',
      ];
      const drafts = await Promise.all(
        names.map((name) =>
          store.draft(artifactKey('daily', name), chunksOf(name.repeat(1000), { size: 777 })),
        ),
      );
      await store.publish(drafts);
      for (const name of names)
        assert.equal((await readAll(store.read(artifactKey('daily', name)))).toString(), name.repeat(1000));
    }),
    clause('forgets a draft that is discarded, and leaves alone one that was published', async (store) => {
      const draft = await store.draft(DUMP, chunksOf('dump'));
      const other = await store.draft(MANIFEST, chunksOf('manifest'));
      await draft.discard();
      await draft.discard();
      await store.publish([other]);
      await other.discard();
      assert.deepEqual(await visible(store), [MANIFEST]);
      assert.deepEqual(await store.cleanUp(), []);
    }),
    clause('publishes all drafts or none', async (store) => {
      await store.put(MANIFEST, sourceOf('there already'));
      const drafts = [
        await store.draft(DUMP, chunksOf('dump')),
        await store.draft(MANIFEST, chunksOf('manifest')),
      ];
      await rejectsWith('ARTIFACT_EXISTS', store.publish(drafts));
      for (const draft of drafts) await draft.discard();
      assert.deepEqual(await visible(store), [MANIFEST]);
      assert.equal((await readAll(store.read(MANIFEST))).toString(), 'there already');
      assert.deepEqual(await store.cleanUp(), []);
    }),
    clause('leaves nothing of a draft whose content fails', async (store) => {
      const failure = new Error('pg_dump failed');
      await assert.rejects(
        store.draft(DUMP, chunksOf('half', { failure })),
        (error) => error === failure || (error as Error).cause === failure,
      );
      assert.deepEqual(await visible(store), []);
      assert.deepEqual(await store.cleanUp(), []);
    }),
    clause('leaves nothing of a draft that is aborted', async (store) => {
      const stop = new AbortController();
      const content = async function* (): AsyncGenerator<Uint8Array> {
        yield await Promise.resolve(Buffer.from('half'));
        stop.abort();
        yield Buffer.from('rest');
      };
      await rejectsWith('ABORTED', store.draft(DUMP, content(), { signal: stop.signal }));
      assert.deepEqual(await visible(store), []);
      assert.deepEqual(await store.cleanUp(), []);
    }),
  ];
}

async function visible(store: PrimaryStore): Promise<readonly string[]> {
  const keys: string[] = [];
  for (const tier of ['daily', 'weekly'] as const) {
    for await (const { key } of store.list(tier)) keys.push(key);
  }
  return keys.sort();
}
