import type { ArtifactKey } from '../model/artifact-key.ts';
import type { Tier } from '../model/tier.ts';
import type { TrustPolicy } from '../model/trust.ts';
import type {
  ArtifactSource,
  ByteRange,
  ReadingOptions,
  StagedUpload,
  StoreCapabilities,
  StoredArtifact,
  StoreOptions,
} from '../ports/artifact-store.ts';
import type { PrimaryStore, SetTransaction } from '../ports/primary-store.ts';

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
    | 'write'
    | 'commit';
  /** Key of the call; the target for a copy. `undefined` for list, clean-up and commit. */
  readonly key?: ArtifactKey;
}

/** A store that fails on request. Calls `fault` before each operation and throws the returned error. */
export class FaultyStore implements PrimaryStore {
  /** All calls so far, including failed ones. */
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

  get trust(): TrustPolicy | undefined {
    return this.inner.trust;
  }

  get capabilities(): StoreCapabilities {
    const { stagedUpload, ...others } = this.inner.capabilities;
    if (stagedUpload === undefined) return others;
    return { ...others, stagedUpload: (...args) => this.stageUpload(stagedUpload, ...args) };
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

  /** Begins a transaction whose operations fail as the others do. */
  begin(): SetTransaction {
    const inner = this.inner.begin();
    return {
      write: async (key, content, options) => {
        this.enter({ operation: 'write', key });
        return inner.write(key, content, options);
      },
      commit: async (keys) => {
        this.enter({ operation: 'commit' });
        await inner.commit(keys);
      },
      rollback: () => inner.rollback(),
    };
  }

  private async stageUpload(
    inner: NonNullable<StoreCapabilities['stagedUpload']>,
    key: ArtifactKey,
    source: ArtifactSource,
    options?: StoreOptions,
  ): Promise<StagedUpload | undefined> {
    this.enter({ operation: 'stageUpload', key });
    const staged = await inner(key, source, options);
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

  private enter(call: StoreCall): void {
    this.calls.push(call);
    const error = this.fault(call);
    if (error !== undefined) throw error;
  }
}
