import { abortedBy, type ArtifactKey, type ByteRange, type StoreOptions } from '../../src/index.ts';
import { chunksOf, MemoryStore, readAll } from '../../src/testing/index.ts';
import type { MemoryDraft } from '../../src/testing/memory-store.ts';
import { asFarAsItGoes } from './as-far-as-it-goes.ts';

/** Primary stores that are wrong in what drafts and publishing are. */
export const BROKEN_PRIMARIES: Record<string, () => MemoryStore> = {
  'shows drafts': () =>
    new (class extends MemoryStore {
      override async draft(
        key: ArtifactKey,
        content: AsyncIterable<Uint8Array>,
        options?: StoreOptions,
      ): Promise<MemoryDraft> {
        const draft = await super.draft(key, content, options);
        this.artifacts.set(key, await readAll(draft.open()));
        return draft;
      }
    })(),
  'forgets a draft when it is published': () =>
    new (class extends MemoryStore {
      override async draft(
        key: ArtifactKey,
        content: AsyncIterable<Uint8Array>,
        options?: StoreOptions,
      ): Promise<MemoryDraft> {
        const draft = await super.draft(key, content, options);
        const open = draft.open.bind(draft);
        return Object.assign(draft, {
          open: (range?: ByteRange) => (this.artifacts.has(key) ? chunksOf('') : open(range)),
        });
      }
    })(),
  'publishes one after the other': () =>
    new (class extends MemoryStore {
      override async publish(drafts: readonly MemoryDraft[]): Promise<void> {
        for (const draft of drafts) await super.publish([draft]);
      }
    })(),
  'publishes over what is there': () =>
    new (class extends MemoryStore {
      override async publish(drafts: readonly MemoryDraft[]): Promise<void> {
        for (const { key } of drafts) this.artifacts.delete(key);
        await super.publish(drafts);
      }
    })(),
  'publishes only the first': () =>
    new (class extends MemoryStore {
      override publish(drafts: readonly MemoryDraft[]): Promise<void> {
        return super.publish(drafts.slice(0, 1));
      }
    })(),
  'takes a published artifact away with its draft': () =>
    new (class extends MemoryStore {
      override async draft(
        key: ArtifactKey,
        content: AsyncIterable<Uint8Array>,
        options?: StoreOptions,
      ): Promise<MemoryDraft> {
        const draft = await super.draft(key, content, options);
        return Object.assign(draft, { discard: () => Promise.resolve(void this.artifacts.delete(key)) });
      }
    })(),
  'ignores the range in which a draft is read': () =>
    new (class extends MemoryStore {
      override async draft(
        key: ArtifactKey,
        content: AsyncIterable<Uint8Array>,
        options?: StoreOptions,
      ): Promise<MemoryDraft> {
        const draft = await super.draft(key, content, options);
        const open = draft.open.bind(draft);
        return Object.assign(draft, { open: () => open() });
      }
    })(),
  'takes half a dump for a draft': () =>
    new (class extends MemoryStore {
      override async draft(
        key: ArtifactKey,
        content: AsyncIterable<Uint8Array>,
        options?: StoreOptions,
      ): Promise<MemoryDraft> {
        const half = await asFarAsItGoes(content);
        if (options?.signal?.aborted) throw abortedBy(options.signal);
        return super.draft(key, chunksOf(half));
      }
    })(),
  'does not hear the signal in a draft': () =>
    new (class extends MemoryStore {
      override draft(key: ArtifactKey, content: AsyncIterable<Uint8Array>): Promise<MemoryDraft> {
        return super.draft(key, content);
      }
    })(),
  'has one place for all drafts': () => {
    let place: Buffer = Buffer.alloc(0);
    return new (class extends MemoryStore {
      override async draft(
        key: ArtifactKey,
        content: AsyncIterable<Uint8Array>,
        options?: StoreOptions,
      ): Promise<MemoryDraft> {
        place = Buffer.alloc(0);
        for await (const chunk of content) place = Buffer.concat([place, chunk]);
        return super.draft(key, chunksOf(place), options);
      }
    })();
  },
  'leaves rubbish of a draft that failed': () => {
    const rubbish: string[] = [];
    return new (class extends MemoryStore {
      override async draft(
        key: ArtifactKey,
        content: AsyncIterable<Uint8Array>,
        options?: StoreOptions,
      ): Promise<MemoryDraft> {
        try {
          return await super.draft(key, content, options);
        } catch (error) {
          rubbish.push(key);
          throw error;
        }
      }
      override cleanUp(): Promise<readonly string[]> {
        return Promise.resolve(rubbish.splice(0));
      }
    })();
  },
};
