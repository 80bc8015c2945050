import type { S3Client } from '@aws-sdk/client-s3';
import type {
  ArtifactKey,
  ArtifactSource,
  ArtifactStore,
  ByteRange,
  ReadingOptions,
  ReplicaRecords,
  StagedUpload,
  StoreCapabilities,
  StoredArtifact,
  StoreOptions,
  Tier,
  TrustPolicy,
} from '@geolens/backup-core';
import { MemoryRecords, nameOfKey } from '@geolens/backup-core/internal';
import { Bucket } from './bucket.ts';
import { createClient } from './client.ts';
import { copyObject } from './upload/copy-object.ts';
import { digestsFor } from './upload/digests.ts';
import { LIMITS, MAX_PARTS, type UploadLimits } from './upload/limits.ts';
import { bareEtag, type ObjectFacts } from './objects/head-object.ts';
import { listObjects } from './objects/list-objects.ts';
import { ObjectKeys } from './objects/object-keys.ts';
import { objectParameters } from './objects/object-parameters.ts';
import { readObject } from './objects/read-object.ts';
import type { S3Settings } from './settings.ts';
import { uploadParts } from './upload/upload-parts.ts';
import { abortOrphanedUploads } from './upload/abort-orphaned-uploads.ts';
import { uploadObject } from './upload/upload-object.ts';
import { BufferPool, fitsIntoOnePart, type UploadRequest } from './upload/upload-request.ts';

/** Minimum length of a usable ETag. A shorter one may be the same for all objects. */
const SHORTEST_ETAG = 16;

/** The bucket of the sets and how the store uses it. */
export interface S3StoreOptions {
  readonly settings: S3Settings;
  /** `clean-up` skips unfinished uploads of dumps of other databases. Defaults to no such restriction. */
  readonly database?: string | undefined;
  /** Records of the expected content of the bucket. Defaults to the memory of the process. */
  readonly records?: ReplicaRecords | undefined;
  /** Judges the signatures of manifests. Defaults to none: signatures are ignored. */
  readonly trust?: TrustPolicy | undefined;
  /** Another client, and smaller sizes, for tests. */
  readonly client?: S3Client | undefined;
  readonly limits?: Partial<UploadLimits> | undefined;
}

/**
 * Stores sets in an S3 bucket, as objects `<prefix>/<tier>/<file name>`. The prefix belongs to one
 * installation: only the holder of its volume lock works there.
 *
 * `put` compares the bytes it sends with the SHA-256 of the source, and the stored object with the bytes
 * sent. It leaves no part of a failed upload, and skips an object that already has the same bytes. Objects of
 * any size need the same memory: three parts of 5 MiB. `stageUpload` starts a multipart upload and leaves it
 * open; content of one part is not staged.
 */
export class S3Store implements ArtifactStore {
  readonly name = 's3';
  readonly records: ReplicaRecords;
  readonly trust: TrustPolicy | undefined;
  readonly capabilities: StoreCapabilities = {
    stagedUpload: (...args) => this.stageUpload(...args),
    serverSideCopy: true,
  };
  private readonly settings: S3Settings;
  private readonly database: string | undefined;
  private readonly limits: UploadLimits;
  private readonly bucket: Bucket;
  private readonly keys: ObjectKeys;
  private readonly buffers: BufferPool;
  /** Open uploads of staged objects, by object key. The id is `undefined` if the upload did not start. */
  private readonly uploading = new Map<string, Promise<string | undefined>>();

  constructor({ settings, database, client, limits, trust, records = new MemoryRecords() }: S3StoreOptions) {
    this.records = records;
    this.trust = trust;
    this.settings = settings;
    this.database = database;
    this.limits = { ...LIMITS, ...limits };
    this.buffers = new BufferPool(this.limits.bufferedPartBytes);
    this.bucket = new Bucket(client ?? createClient(settings), settings.bucket);
    this.keys = new ObjectKeys(settings.prefix);
  }

  async *list(tier: Tier, { signal }: StoreOptions = {}): AsyncGenerator<StoredArtifact> {
    for await (const { key: objectKey, bytes, tag } of listObjects(
      this.bucket,
      this.keys.tierPrefix(tier),
      signal,
    )) {
      const artifact = this.keys.artifactOf(tier, objectKey);
      if (artifact !== undefined) yield { key: artifact.key, bytes, tag };
    }
  }

  async *read(
    key: ArtifactKey,
    range?: ByteRange,
    { signal, tag }: StoreOptions & ReadingOptions = {},
  ): AsyncGenerator<Uint8Array> {
    yield* readObject(this.bucket, this.keys.objectKey(key), range, signal, tag);
  }

  async put(key: ArtifactKey, source: ArtifactSource, { signal }: StoreOptions = {}): Promise<void> {
    await this.forget(key, source);
    await this.record(key, await uploadObject(this.requestOf(key, source, signal)), source.sha256);
  }

  /** Uploads the parts of an artifact without creating the object. */
  async stageUpload(
    key: ArtifactKey,
    source: ArtifactSource,
    { signal }: StoreOptions = {},
  ): Promise<StagedUpload | undefined> {
    const request = this.requestOf(key, source, signal);
    if (fitsIntoOnePart(request)) return undefined;
    const begun = Promise.withResolvers<string | undefined>();
    this.uploading.set(request.key, begun.promise); // set first: a clean-up may run at any time
    const ended = (): void => void this.uploading.delete(request.key);
    const staged = await uploadParts(request, begun.resolve).catch((error: unknown) => {
      begun.resolve(undefined);
      ended();
      throw error;
    });
    let open = true;
    const once = (work: () => Promise<void>) => async (): Promise<void> => {
      if (!open) return;
      open = false;
      await work().finally(ended);
    };
    const complete = async (): Promise<void> => {
      await this.forget(key, source);
      await this.record(key, await staged.complete(), source.sha256);
    };
    return { complete: once(complete), discard: once(() => staged.discard()) };
  }

  async copy(from: ArtifactKey, to: ArtifactKey, { signal }: StoreOptions = {}): Promise<void> {
    const { bucket, limits, settings } = this;
    const { original, copied } = await copyObject(
      bucket,
      this.keys.objectKey(from),
      this.keys.objectKey(to),
      { parameters: objectParameters(settings), limits, maxParts: settings.maxParts ?? MAX_PARTS, signal },
    );
    const known = (await this.records.read()).get(from);
    await this.record(to, copied, known?.tag === bareEtag(original.etag ?? '') ? known.sha256 : undefined);
  }

  async remove(key: ArtifactKey, { signal }: StoreOptions = {}): Promise<void> {
    await this.bucket.remove(this.keys.objectKey(key), signal);
    await this.record(key, {}, undefined);
  }

  async cleanUp({ signal }: StoreOptions = {}): Promise<readonly string[]> {
    const { bucket, keys, database, uploading: living } = this;
    return abortOrphanedUploads(bucket, { keys, database, living }, signal);
  }

  /** Closes the connections. */
  close(): void {
    this.bucket.client.destroy();
  }

  /**
   * Forgets an object that is replaced by content that is made while it is sent. If the answer of the store
   * is lost, another ETag than the recorded one does not mean that another client wrote it.
   */
  private async forget(key: ArtifactKey, { once }: ArtifactSource): Promise<void> {
    if (once === true) await this.record(key, {}, undefined);
  }

  /** Records the digest of an object if its ETag changes with its bytes. Others may write state files. */
  private async record(
    key: ArtifactKey,
    { etag }: Partial<ObjectFacts>,
    sha256: string | undefined,
  ): Promise<void> {
    if (nameOfKey(key)?.kind === 'state') return;
    const tag = bareEtag(etag ?? '');
    const isKnown = tag.length >= SHORTEST_ETAG && sha256 !== undefined;
    const record = isKnown ? { tag, sha256, at: new Date().toISOString() } : undefined;
    await this.records.update(new Map([[key, record]]));
  }

  private requestOf(
    key: ArtifactKey,
    source: ArtifactSource,
    signal: AbortSignal | undefined,
  ): UploadRequest {
    const { bucket, buffers, limits, settings } = this;
    return {
      bucket,
      key: this.keys.objectKey(key),
      source,
      digests: digestsFor(settings),
      parameters: objectParameters(settings),
      limits,
      maxParts: settings.maxParts ?? MAX_PARTS,
      buffers,
      signal,
    };
  }
}
