import {
  BackupError,
  parseKey,
  type ArtifactKey,
  type ArtifactSource,
  type ByteRange,
  type StoreOptions,
} from '../../src/index.ts';
import { MemoryStore, readAll, sourceOf } from '../../src/testing/index.ts';
import { asFarAsItGoes } from './as-far-as-it-goes.ts';

const truth = async (source: ArtifactSource): Promise<ArtifactSource> =>
  sourceOf(await readAll(source.open()));

/** Stores that are wrong in one way each. A suite that accepts one of them is worth nothing. */
export const BROKEN_STORES: Record<string, () => MemoryStore> = {
  'shows a put that is half done': () =>
    new (class extends MemoryStore {
      override async put(key: ArtifactKey, source: ArtifactSource, options?: StoreOptions): Promise<void> {
        this.artifacts.set(key, await asFarAsItGoes(source.open()));
        await super.put(key, source, options);
      }
    })(),
  'takes what came of a failing source for the whole': () =>
    new (class extends MemoryStore {
      override async put(key: ArtifactKey, source: ArtifactSource, options?: StoreOptions): Promise<void> {
        const half = await asFarAsItGoes(source.open());
        if (parseKey(key) === undefined || half.length === source.bytes)
          return super.put(key, source, options);
        this.artifacts.set(key, half);
      }
    })(),
  'empties the place before a put': () =>
    new (class extends MemoryStore {
      override async put(key: ArtifactKey, source: ArtifactSource, options?: StoreOptions): Promise<void> {
        this.artifacts.delete(key);
        await super.put(key, source, options);
      }
    })(),
  'does not compare the length': () =>
    new (class extends MemoryStore {
      override async put(key: ArtifactKey, source: ArtifactSource, options?: StoreOptions): Promise<void> {
        const { bytes } = await truth(source);
        await super.put(key, { bytes, sha256: source.sha256, open: () => source.open() }, options);
      }
    })(),
  'does not compare the digest': () =>
    new (class extends MemoryStore {
      override async put(key: ArtifactKey, source: ArtifactSource, options?: StoreOptions): Promise<void> {
        const { sha256 } = await truth(source);
        await super.put(key, { bytes: source.bytes, sha256, open: () => source.open() }, options);
      }
    })(),
  'does not hear the signal in a put': () =>
    new (class extends MemoryStore {
      override put(key: ArtifactKey, source: ArtifactSource): Promise<void> {
        return super.put(key, source);
      }
    })(),
  'adds a put to what is there': () =>
    new (class extends MemoryStore {
      override async put(key: ArtifactKey, source: ArtifactSource, options?: StoreOptions): Promise<void> {
        const before = this.artifacts.get(key) ?? new Uint8Array();
        await super.put(key, source, options);
        this.artifacts.set(key, Buffer.concat([before, this.artifacts.get(key)!]));
      }
    })(),
  'ignores the range of a read': () =>
    new (class extends MemoryStore {
      override read(key: ArtifactKey): AsyncGenerator<Uint8Array> {
        return super.read(key);
      }
    })(),
  'takes the end of a range for part of it': () =>
    new (class extends MemoryStore {
      override read(key: ArtifactKey, range?: ByteRange): AsyncGenerator<Uint8Array> {
        return super.read(key, range && { start: range.start, end: range.end + 1 });
      }
    })(),
  'reads nothing where nothing is': () =>
    new (class extends MemoryStore {
      override async *read(key: ArtifactKey, range?: ByteRange): AsyncGenerator<Uint8Array> {
        if (this.artifacts.has(key)) yield* super.read(key, range);
      }
    })(),
  'takes it ill when a reader stops': () =>
    new (class extends MemoryStore {
      override async *read(key: ArtifactKey, range?: ByteRange): AsyncGenerator<Uint8Array> {
        let whole = false;
        try {
          yield* super.read(key, range);
          whole = true;
        } catch (error) {
          whole = true;
          throw error;
        } finally {
          // eslint-disable-next-line no-unsafe-finally -- which is what is wrong with it
          if (!whole) throw new BackupError('STORE_FAILED', 'EBADF');
        }
      }
    })(),
  'copies what is not there without a word': () =>
    new (class extends MemoryStore {
      override copy(from: ArtifactKey, to: ArtifactKey): Promise<void> {
        return this.artifacts.has(from) ? super.copy(from, to) : Promise.resolve();
      }
    })(),
  'moves instead of copying': () =>
    new (class extends MemoryStore {
      override async copy(from: ArtifactKey, to: ArtifactKey): Promise<void> {
        await super.copy(from, to);
        this.artifacts.delete(from);
      }
    })(),
  'does not copy onto what is there': () =>
    new (class extends MemoryStore {
      override copy(from: ArtifactKey, to: ArtifactKey): Promise<void> {
        return this.artifacts.has(to) ? Promise.resolve() : super.copy(from, to);
      }
    })(),
  'writes into what it linked': () =>
    new (class extends MemoryStore {
      override async put(key: ArtifactKey, source: ArtifactSource, options?: StoreOptions): Promise<void> {
        const before = this.artifacts.get(key);
        await super.put(key, source, options);
        const after = this.artifacts.get(key)!;
        for (const [other, content] of this.artifacts)
          if (content === before && other !== key) this.artifacts.set(other, after);
      }
    })(),
  'complains when it is to remove what is not there': () =>
    new (class extends MemoryStore {
      override async remove(key: ArtifactKey): Promise<void> {
        if (!this.artifacts.delete(key)) return Promise.reject(new BackupError('ARTIFACT_NOT_FOUND', key));
      }
    })(),
  'clean-ups away good artifacts': () =>
    new (class extends MemoryStore {
      override cleanUp(): Promise<readonly string[]> {
        this.artifacts.clear();
        return Promise.resolve([]);
      }
    })(),
  'lists the tiers together': () =>
    new (class extends MemoryStore {
      override async *list() {
        for (const tier of ['daily', 'weekly'] as const) yield* super.list(tier);
      }
    })(),
  'lists lengths that are not': () =>
    new (class extends MemoryStore {
      override async *list(tier: 'daily' | 'weekly') {
        for await (const { key } of super.list(tier)) yield { key, bytes: 0 };
      }
    })(),
  'does not list hidden names': () =>
    new (class extends MemoryStore {
      override async *list(tier: 'daily' | 'weekly') {
        for await (const artifact of super.list(tier)) if (!artifact.key.includes('/.')) yield artifact;
      }
    })(),
};
