import type { ArtifactKey } from '../model/artifact-key.ts';
import type { Tier } from '../model/tier.ts';
import type {
  ArtifactSource,
  ByteRange,
  ReadingOptions,
  StagedUpload,
  StoredArtifact,
  StoreOptions,
} from '../ports/artifact-store.ts';
import type { Draft, PrimaryStore } from '../ports/primary-store.ts';

/** A call of a store. */
export interface StoreCall {
  readonly operation:
    | 'list'
    | 'read'
    | 'put'
    | 'stageUpload'
    | 'complete'
    | 'copy'
    | 'remove'
    | 'cleanUp'
    | 'draft'
    | 'publish';
  /** The key that the call is about, the target of a copy; none for list, clean-up and publish. */
  readonly key?: ArtifactKey;
}

/**
 * A store that fails when it is told to: before each call `fault` is asked, and the error that it answers is
 * thrown.
 */
export class FaultyStore implements PrimaryStore {
  /** Every call so far, failed ones too. */
  readonly calls: StoreCall[] = [];
  private readonly inner: PrimaryStore;
  private readonly fault: (call: StoreCall) => Error | undefined;

  constructor(inner: PrimaryStore, fault: (call: StoreCall) => Error | undefined) {
    this.inner = inner;
    this.fault = fault;
  }

  get name(): string {
    return this.inner.name;
  }

  async *list(tier: Tier, options?: StoreOptions): AsyncGenerator<StoredArtifact> {
    this.enter({ operation: 'list' });
    yield* this.inner.list(tier, options);
  }

  async *read(
    key: ArtifactKey,
    range?: ByteRange,
    options?: StoreOptions & ReadingOptions,
  ): AsyncGenerator<Uint8Array> {
    this.enter({ operation: 'read', key });
    yield* this.inner.read(key, range, options);
  }

  async put(key: ArtifactKey, source: ArtifactSource, options?: StoreOptions): Promise<void> {
    this.enter({ operation: 'put', key });
    await this.inner.put(key, source, options);
  }

  async stageUpload(
    key: ArtifactKey,
    source: ArtifactSource,
    options?: StoreOptions,
  ): Promise<StagedUpload | undefined> {
    if (this.inner.stageUpload === undefined) return undefined;
    this.enter({ operation: 'stageUpload', key });
    const staged = await this.inner.stageUpload(key, source, options);
    if (staged === undefined) return undefined;
    const complete = async (): Promise<void> => {
      try {
        this.enter({ operation: 'complete', key });
      } catch (error) {
        await staged.discard();
        throw error;
      }
      await staged.complete();
    };
    return { complete, discard: () => staged.discard() };
  }

  async copy(from: ArtifactKey, to: ArtifactKey, options?: StoreOptions): Promise<void> {
    this.enter({ operation: 'copy', key: to });
    await this.inner.copy(from, to, options);
  }

  async remove(key: ArtifactKey, options?: StoreOptions): Promise<void> {
    this.enter({ operation: 'remove', key });
    await this.inner.remove(key, options);
  }

  async cleanUp(options?: StoreOptions): Promise<readonly string[]> {
    this.enter({ operation: 'cleanUp' });
    return this.inner.cleanUp(options);
  }

  async draft(key: ArtifactKey, content: AsyncIterable<Uint8Array>, options?: StoreOptions): Promise<Draft> {
    this.enter({ operation: 'draft', key });
    return this.inner.draft(key, content, options);
  }

  async publish(drafts: readonly Draft[]): Promise<void> {
    this.enter({ operation: 'publish' });
    await this.inner.publish(drafts);
  }

  private enter(call: StoreCall): void {
    this.calls.push(call);
    const error = this.fault(call);
    if (error !== undefined) throw error;
  }
}
