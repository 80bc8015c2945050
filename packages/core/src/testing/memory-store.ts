import { createHash } from 'node:crypto';
import { abortedBy, BackupError, isBackupError, throwIfAborted } from '../base/errors.ts';
import { nameOfKey, parseKey, splitKey, type ArtifactKey } from '../model/artifact-key.ts';
import type { Tier } from '../model/tier.ts';
import type { TrustPolicy } from '../model/trust.ts';
import type {
  ArtifactSource,
  ByteRange,
  ReadingOptions,
  StoreCapabilities,
  StoredArtifact,
  StoreOptions,
} from '../ports/artifact-store.ts';
import type { ReplicaRecords } from '../ports/replica-records.ts';
import { DraftTransaction, type Draft } from '../ports/draft-transaction.ts';
import type { PrimaryStore, SetTransaction } from '../ports/primary-store.ts';
import { reusedChunksOf } from './sources.ts';

/** A store in memory, for tests and experiments. */
export class MemoryStore implements PrimaryStore {
  readonly name: string;
  /** Visible artifacts by key. Tests may read and change it, as an operator does with a folder. */
  readonly artifacts = new Map<ArtifactKey, Uint8Array>();
  /** Number of drafts that are neither published nor discarded. */
  openDrafts = 0;
  readonly records: ReplicaRecords | undefined;
  /** Judges the signatures of manifests. `undefined` if signatures are ignored. */
  trust: TrustPolicy | undefined;
  readonly capabilities: StoreCapabilities = { serverSideCopy: true };

  /** @param records records of a store that others can write to */
  constructor(name = 'memory', records?: ReplicaRecords) {
    this.name = name;
    this.records = records;
  }

  async *list(tier: Tier, options: StoreOptions = {}): AsyncGenerator<StoredArtifact> {
    for (const [key, content] of [...this.artifacts]) {
      throwIfAborted(options.signal);
      if (splitKey(key).tier === tier)
        yield await Promise.resolve({ key, bytes: content.length, tag: sha256(content) });
    }
  }

  async *read(
    key: ArtifactKey,
    range?: ByteRange,
    options: StoreOptions & ReadingOptions = {},
  ): AsyncGenerator<Uint8Array> {
    throwIfAborted(options.signal);
    const content = this.artifacts.get(key);
    if (content === undefined) throw this.notFound(key);
    const wanted = content.slice(range?.start, range?.end);
    if (options.reuseBuffer === true) yield* reusedChunksOf(wanted);
    else yield await Promise.resolve(wanted);
  }

  async put(key: ArtifactKey, source: ArtifactSource, options: StoreOptions = {}): Promise<void> {
    this.set(key, await this.receive(key, source, options));
    await this.record(key, source.sha256);
  }

  async copy(from: ArtifactKey, to: ArtifactKey): Promise<void> {
    const content = this.artifacts.get(from);
    if (content === undefined) throw this.notFound(from);
    this.set(to, content);
    const record = (await this.records?.read())?.get(from);
    await this.record(to, record?.tag === sha256(content) ? record.sha256 : undefined);
  }

  async remove(key: ArtifactKey): Promise<void> {
    this.artifacts.delete(key);
    await this.record(key, undefined);
  }

  cleanUp(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  /** Begins a transaction of drafts in memory. */
  begin(): SetTransaction {
    return new DraftTransaction(this);
  }

  /** Keeps content under no name. */
  async draft(
    key: ArtifactKey,
    content: AsyncIterable<Uint8Array>,
    options: StoreOptions = {},
  ): Promise<MemoryDraft> {
    const whole = await collect(content, options.signal);
    this.openDrafts += 1;
    return new MemoryDraft(this, key, whole);
  }

  /** Makes drafts visible, all or none. */
  publish(drafts: readonly MemoryDraft[]): Promise<void> {
    const taken = drafts.find(({ key }) => this.artifacts.has(key));
    if (taken !== undefined)
      return Promise.reject(
        new BackupError('ARTIFACT_EXISTS', `${this.name}: ${taken.key} is there already`),
      );
    for (const draft of drafts) {
      this.set(draft.key, draft.content);
      draft.close();
    }
    return Promise.resolve();
  }

  /** Reads a source completely and verifies it. */
  protected async receive(
    key: ArtifactKey,
    source: ArtifactSource,
    options: StoreOptions,
  ): Promise<Uint8Array> {
    const content = await collect(source.open(), options.signal);
    if (content.length !== source.bytes || sha256(content) !== source.sha256) {
      throw new BackupError('ARTIFACT_MISMATCH', `${this.name}: ${key} is not what was announced`);
    }
    return content;
  }

  private async record(key: ArtifactKey, digest: string | undefined): Promise<void> {
    if (nameOfKey(key)?.kind === 'state') return;
    const at = '2026-01-01T00:00:00.000Z'; // The store has no clock.
    const record = digest === undefined ? undefined : { tag: digest, sha256: digest, at };
    await this.records?.update(new Map([[key, record]]));
  }

  /** Makes content visible under a key. */
  protected set(key: ArtifactKey, content: Uint8Array): void {
    if (parseKey(key) === undefined)
      throw new BackupError('STORE_FAILED', `${this.name}: "${key}" is not a key`);
    this.artifacts.set(key, content);
  }

  private notFound(key: ArtifactKey): BackupError {
    return new BackupError('ARTIFACT_NOT_FOUND', `${this.name}: there is no ${key}`);
  }
}

export class MemoryDraft implements Draft {
  readonly key: ArtifactKey;
  readonly content: Uint8Array;
  readonly sha256: string;
  private readonly store: MemoryStore;
  private open_ = true;

  constructor(store: MemoryStore, key: ArtifactKey, content: Uint8Array) {
    this.store = store;
    this.key = key;
    this.content = content;
    this.sha256 = sha256(content);
  }

  get bytes(): number {
    return this.content.length;
  }

  async *open(range?: ByteRange): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(this.content.slice(range?.start, range?.end));
  }

  /** Forgets the draft. */
  discard(): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  /** Counts the draft as ended. */
  close(): void {
    if (this.open_) this.store.openDrafts -= 1;
    this.open_ = false;
  }
}

async function collect(
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of content) {
      throwIfAborted(signal);
      chunks.push(chunk);
    }
  } catch (error) {
    throw signal?.aborted === true && !isBackupError(error) ? abortedBy(signal) : error;
  }
  throwIfAborted(signal);
  return Buffer.concat(chunks);
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
