import type { ArtifactKey } from '../naming/artifact-key.ts';
import type { Tier } from '../naming/tier.ts';
import type {
  ArtifactSource,
  ByteRange,
  ReadingOptions,
  SentArtifact,
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
    | 'send'
    | 'complete'
    | 'copy'
    | 'remove'
    | 'sweep'
    | 'draft'
    | 'publish';
  /** The key that the call is about, the target of a copy; none for list, sweep and publish. */
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

  async send(
    key: ArtifactKey,
    source: ArtifactSource,
    options?: StoreOptions,
  ): Promise<SentArtifact | undefined> {
    if (this.inner.send === undefined) return undefined;
    this.enter({ operation: 'send', key });
    const sent = await this.inner.send(key, source, options);
    if (sent === undefined) return undefined;
    const complete = async (): Promise<void> => {
      try {
        this.enter({ operation: 'complete', key });
      } catch (error) {
        await sent.discard();
        throw error;
      }
      await sent.complete();
    };
    return { complete, discard: () => sent.discard() };
  }

  async copy(from: ArtifactKey, to: ArtifactKey, options?: StoreOptions): Promise<void> {
    this.enter({ operation: 'copy', key: to });
    await this.inner.copy(from, to, options);
  }

  async remove(key: ArtifactKey, options?: StoreOptions): Promise<void> {
    this.enter({ operation: 'remove', key });
    await this.inner.remove(key, options);
  }

  async sweep(options?: StoreOptions): Promise<readonly string[]> {
    this.enter({ operation: 'sweep' });
    return this.inner.sweep(options);
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
