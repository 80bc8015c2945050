import assert from 'node:assert/strict';
import type { ArtifactSource, ArtifactStore, StagedUpload, StoreOptions } from '../ports/artifact-store.ts';
import type { ContractCase } from './contract-case.ts';
import { chunksOf, readAll, sourceOf } from './sources.ts';
import { KEY, keys, LONG, rejectsWith, stopping, type Clause } from './store-clauses.ts';

/** Clauses for stores that stage uploads of this length. Other stores pass without checks. */
export function stagedUploadClauses(clause: Clause): readonly ContractCase[] {
  type StageUpload = (source: ArtifactSource, options?: StoreOptions) => Promise<StagedUpload>;
  const uploading = (
    title: string,
    check: (store: ArtifactStore, stageUpload: StageUpload) => Promise<void>,
  ): ContractCase =>
    clause(title, async (store) => {
      const tried = await store.capabilities.stagedUpload?.(KEY, sourceOf(LONG));
      if (tried === undefined) return;
      await tried.discard();
      await check(store, async (source, options) => {
        const staged = await store.capabilities.stagedUpload?.(KEY, source, options);
        assert.ok(staged !== undefined, 'a store that stages this upload once stages it again');
        return staged;
      });
    });
  return [
    uploading(
      'shows nothing of what is staged until it is completed, and then all of it',
      async (store, stageUpload) => {
        const staged = await stageUpload(sourceOf(LONG));
        assert.deepEqual(await keys(store), []);
        await rejectsWith('ARTIFACT_NOT_FOUND', readAll(store.read(KEY)));
        await staged.complete();
        await staged.discard();
        assert.ok((await readAll(store.read(KEY))).equals(LONG));
      },
    ),
    uploading(
      'keeps what was there before when what was staged is discarded, and replaces it when that is completed',
      async (store, stageUpload) => {
        await store.put(KEY, sourceOf('before'));
        const discarded = await stageUpload(sourceOf(LONG));
        await discarded.discard();
        await discarded.discard();
        assert.equal((await readAll(store.read(KEY))).toString(), 'before');
        await (await stageUpload(sourceOf(LONG))).complete();
        assert.ok((await readAll(store.read(KEY))).equals(LONG));
      },
    ),
    uploading('clean-ups nothing of what it is sending, or has staged', async (store, stageUpload) => {
      const cleanUps: Promise<readonly string[]>[] = [];
      const cleanedUpMeanwhile: ArtifactSource['open'] = async function* (range, options) {
        for await (const chunk of sourceOf(LONG).open(range, options)) {
          if (cleanUps.length < 2) cleanUps.push(store.cleanUp());
          yield chunk;
        }
      };
      const staged = await stageUpload({ ...sourceOf(LONG), open: cleanedUpMeanwhile });
      assert.deepEqual(await Promise.all([...cleanUps, store.cleanUp()]), [[], [], []]);
      await staged.complete();
      assert.ok((await readAll(store.read(KEY))).equals(LONG));
    }),
    uploading(
      'leaves nothing of what is staged when its source fails or lies, or when it is aborted',
      async (store, stageUpload) => {
        const stop = new AbortController();
        await store.put(KEY, sourceOf('before'));
        await assert.rejects(
          stageUpload({
            ...sourceOf(LONG),
            open: () => chunksOf(LONG.subarray(0, 1_000_000), { failure: new Error('source failed') }),
          }),
        );
        await rejectsWith('ARTIFACT_MISMATCH', stageUpload(sourceOf(LONG, { sha256: 'a'.repeat(64) })));
        await rejectsWith(
          'ABORTED',
          stageUpload({ ...sourceOf(LONG), open: () => stopping(LONG, stop) }, { signal: stop.signal }),
        );
        assert.deepEqual(await store.cleanUp(), []);
        assert.equal((await readAll(store.read(KEY))).toString(), 'before');
      },
    ),
  ];
}
