import type { ArtifactKey, ArtifactSource, StagedUpload, StoreOptions } from '../../src/index.ts';
import { readAll, StagedUploadStore, sourceOf } from '../../src/testing/index.ts';

/** Stores that are wrong in how they take artifacts ahead of their set. */
export const BROKEN_SENDERS: Record<string, () => StagedUploadStore> = {
  'shows what was staged before it is completed': () =>
    new (class extends StagedUploadStore {
      override async stageUpload(
        key: ArtifactKey,
        source: ArtifactSource,
        options?: StoreOptions,
      ): Promise<StagedUpload> {
        const staged = await super.stageUpload(key, source, options);
        this.artifacts.set(key, await readAll(source.open()));
        return staged;
      }
    })(),
  'never completes it': () =>
    new (class extends StagedUploadStore {
      override async stageUpload(
        key: ArtifactKey,
        source: ArtifactSource,
        options?: StoreOptions,
      ): Promise<StagedUpload> {
        return { ...(await super.stageUpload(key, source, options)), complete: () => Promise.resolve() };
      }
    })(),
  'empties the place when it is discarded': () =>
    new (class extends StagedUploadStore {
      override async stageUpload(
        key: ArtifactKey,
        source: ArtifactSource,
        options?: StoreOptions,
      ): Promise<StagedUpload> {
        return {
          ...(await super.stageUpload(key, source, options)),
          discard: () => Promise.resolve(void this.artifacts.delete(key)),
        };
      }
    })(),
  'clean-ups away what it is sending': () =>
    new (class extends StagedUploadStore {
      private readonly living = new Set<ArtifactKey>();
      override async stageUpload(
        key: ArtifactKey,
        source: ArtifactSource,
        options?: StoreOptions,
      ): Promise<StagedUpload> {
        this.living.add(key);
        const staged = await super.stageUpload(key, source, options);
        return {
          complete: () => (this.living.has(key) ? staged.complete() : Promise.resolve()),
          discard: () => staged.discard(),
        };
      }
      override cleanUp(): Promise<readonly string[]> {
        const cleanedUp = [...this.living];
        this.living.clear();
        return Promise.resolve(cleanedUp);
      }
    })(),
  'does not compare what it is sent with what was announced': () =>
    new (class extends StagedUploadStore {
      override async stageUpload(
        key: ArtifactKey,
        source: ArtifactSource,
        options?: StoreOptions,
      ): Promise<StagedUpload> {
        return super.stageUpload(key, sourceOf(await readAll(source.open())), options);
      }
    })(),
  'does not hear the signal while it is sent something': () =>
    new (class extends StagedUploadStore {
      override stageUpload(key: ArtifactKey, source: ArtifactSource): Promise<StagedUpload> {
        return super.stageUpload(key, source);
      }
    })(),
};
