import type { ArtifactKey, ArtifactSource, SentArtifact, StoreOptions } from '../../src/index.ts';
import { readAll, SendingStore, sourceOf } from '../../src/testing/index.ts';

/** Stores that are wrong in how they take artifacts ahead of their set. */
export const BROKEN_SENDERS: Record<string, () => SendingStore> = {
  'shows what was sent ahead before it is completed': () =>
    new (class extends SendingStore {
      override async send(
        key: ArtifactKey,
        source: ArtifactSource,
        options?: StoreOptions,
      ): Promise<SentArtifact> {
        const sent = await super.send(key, source, options);
        this.artifacts.set(key, await readAll(source.open()));
        return sent;
      }
    })(),
  'never completes it': () =>
    new (class extends SendingStore {
      override async send(
        key: ArtifactKey,
        source: ArtifactSource,
        options?: StoreOptions,
      ): Promise<SentArtifact> {
        return { ...(await super.send(key, source, options)), complete: () => Promise.resolve() };
      }
    })(),
  'empties the place when it is discarded': () =>
    new (class extends SendingStore {
      override async send(
        key: ArtifactKey,
        source: ArtifactSource,
        options?: StoreOptions,
      ): Promise<SentArtifact> {
        return {
          ...(await super.send(key, source, options)),
          discard: () => Promise.resolve(void this.artifacts.delete(key)),
        };
      }
    })(),
  'sweeps away what it is sending': () =>
    new (class extends SendingStore {
      private readonly living = new Set<ArtifactKey>();
      override async send(
        key: ArtifactKey,
        source: ArtifactSource,
        options?: StoreOptions,
      ): Promise<SentArtifact> {
        this.living.add(key);
        const sent = await super.send(key, source, options);
        return {
          complete: () => (this.living.has(key) ? sent.complete() : Promise.resolve()),
          discard: () => sent.discard(),
        };
      }
      override sweep(): Promise<readonly string[]> {
        const swept = [...this.living];
        this.living.clear();
        return Promise.resolve(swept);
      }
    })(),
  'does not compare what it is sent with what was announced': () =>
    new (class extends SendingStore {
      override async send(
        key: ArtifactKey,
        source: ArtifactSource,
        options?: StoreOptions,
      ): Promise<SentArtifact> {
        return super.send(key, sourceOf(await readAll(source.open())), options);
      }
    })(),
  'does not hear the signal while it is sent something': () =>
    new (class extends SendingStore {
      override send(key: ArtifactKey, source: ArtifactSource): Promise<SentArtifact> {
        return super.send(key, source);
      }
    })(),
};
