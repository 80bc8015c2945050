import assert from 'node:assert/strict';
import { artifactKey } from '../model/artifact-key.ts';
import type { PrimaryStore } from '../ports/primary-store.ts';
import type { ContractCase } from './contract-case.ts';
import { chunksOf, readAll, sourceOf } from './sources.ts';
import { rejectsWith } from './store-clauses.ts';
import { storeContract } from './store-contract.ts';

const DUMP = artifactKey('daily', 'geolens_20260101_020000.dump');
const MANIFEST = artifactKey('daily', 'manifest-20260101_020000.json');

/** Returns the contract of PrimaryStore, including that of ArtifactStore. */
export function primaryStoreContract(make: () => Promise<PrimaryStore>): readonly ContractCase[] {
  const clause = (title: string, check: (store: PrimaryStore) => Promise<void>): ContractCase => ({
    title,
    check: async () => check(await make()),
  });
  return [
    ...storeContract(make),
    clause('shows nothing of what is written, and lets it be read, whole and in parts', async (store) => {
      const transaction = store.begin();
      const dump = await transaction.write(DUMP, chunksOf('0123456789', { size: 3 }));
      assert.deepEqual(await visible(store), []);
      assert.equal(dump.bytes, 10);
      assert.equal(dump.sha256, sourceOf('0123456789').sha256);
      assert.equal((await readAll(dump.open())).toString(), '0123456789');
      assert.equal((await readAll(dump.open({ start: 2, end: 5 }))).toString(), '234');
      await transaction.rollback();
    }),
    clause('lets what was written be read on when it gets its name', async (store) => {
      const transaction = store.begin();
      const dump = await transaction.write(DUMP, chunksOf('0123456789'));
      await transaction.write(MANIFEST, chunksOf('manifest'));
      const begun = dump.open();
      await transaction.commit([DUMP, MANIFEST]);
      assert.equal((await readAll(begun)).toString(), '0123456789');
      assert.equal((await readAll(dump.open({ start: 2, end: 5 }))).toString(), '234');
    }),
    clause('shows what was written once it is committed', async (store) => {
      const transaction = store.begin();
      await transaction.write(DUMP, chunksOf('dump'));
      await transaction.write(MANIFEST, chunksOf('manifest'));
      await transaction.commit([DUMP, MANIFEST]);
      await transaction.rollback();
      assert.deepEqual(await visible(store), [DUMP, MANIFEST]);
      assert.equal((await readAll(store.read(DUMP))).toString(), 'dump');
    }),
    clause('writes artifacts side by side, the very first ones too', async (store) => {
      const transaction = store.begin();
      const names = [
        'globals-20260101_020000.sql',
        'staging-20260101_020000.tar.gz',
        'geolens_20260101_020000.dump',
      ];
      const written = await Promise.all(
        names.map((name) =>
          transaction.write(artifactKey('daily', name), chunksOf(name.repeat(1000), { size: 777 })),
        ),
      );
      await transaction.commit(written.map(({ key }) => key));
      for (const name of names)
        assert.equal((await readAll(store.read(artifactKey('daily', name)))).toString(), name.repeat(1000));
    }),
    clause('removes what is not committed, and leaves alone what is', async (store) => {
      const transaction = store.begin();
      await transaction.write(DUMP, chunksOf('dump'));
      await transaction.write(MANIFEST, chunksOf('manifest'));
      await transaction.commit([MANIFEST]);
      await transaction.rollback();
      await transaction.rollback();
      assert.deepEqual(await visible(store), [MANIFEST]);
      assert.deepEqual(await store.cleanUp(), []);
    }),
    clause('commits only what the transaction has written', async (store) => {
      const other = store.begin();
      await other.write(DUMP, chunksOf('dump'));
      await assert.rejects(store.begin().commit([DUMP]), TypeError);
      await other.rollback();
      assert.deepEqual(await visible(store), []);
    }),
    clause('commits all or nothing', async (store) => {
      await store.put(MANIFEST, sourceOf('there already'));
      const transaction = store.begin();
      await transaction.write(DUMP, chunksOf('dump'));
      await transaction.write(MANIFEST, chunksOf('manifest'));
      await rejectsWith('ARTIFACT_EXISTS', transaction.commit([DUMP, MANIFEST]));
      await transaction.rollback();
      assert.deepEqual(await visible(store), [MANIFEST]);
      assert.equal((await readAll(store.read(MANIFEST))).toString(), 'there already');
      assert.deepEqual(await store.cleanUp(), []);
    }),
    clause('leaves nothing of an artifact whose content fails', async (store) => {
      const failure = new Error('pg_dump failed');
      await assert.rejects(
        store.begin().write(DUMP, chunksOf('half', { failure })),
        (error) => error === failure || (error as Error).cause === failure,
      );
      assert.deepEqual(await visible(store), []);
      assert.deepEqual(await store.cleanUp(), []);
    }),
    clause('leaves nothing of an artifact that is aborted', async (store) => {
      const stop = new AbortController();
      const content = async function* (): AsyncGenerator<Uint8Array> {
        yield await Promise.resolve(Buffer.from('half'));
        stop.abort();
        yield Buffer.from('rest');
      };
      await rejectsWith('ABORTED', store.begin().write(DUMP, content(), { signal: stop.signal }));
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
