import { DeleteObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ArtifactKey, ArtifactSource, ArtifactStore, ByteRange, StoredArtifact, StoreOptions, Tier } from '@geolens/backup-core';
import { Bucket } from './bucket.ts';
import { BufferPool } from './upload/buffer-pool.ts';
import { createClient } from './client.ts';
import { copyObject } from './objects/copy-object.ts';
import { digestsFor } from './upload/digests.ts';
import { LIMITS, MAX_PARTS, type UploadLimits } from './upload/limits.ts';
import { listObjects } from './objects/list-objects.ts';
import { ObjectKeys } from './objects/object-keys.ts';
import { objectParameters } from './objects/object-parameters.ts';
import { readObject } from './objects/read-object.ts';
import type { S3Settings } from './settings.ts';
import { sweepUploads } from './upload/sweep-uploads.ts';
import { uploadObject } from './upload/upload-object.ts';

/** Which bucket the sets lie in, and whose they are. */
export interface S3StoreOptions {
  readonly settings: S3Settings;
  /** `sweep` leaves alone unfinished uploads of dumps of other databases; of no database when absent. */
  readonly database?: string | undefined;
  /** Another client, and smaller sizes: for tests. */
  readonly client?: S3Client | undefined;
  readonly limits?: Partial<UploadLimits> | undefined;
}

/**
 * Sets in an S3 bucket, as objects `<prefix>/<tier>/<file name>`. The prefix belongs to one installation: whoever holds the lock of
 * its volume is alone there.
 *
 * `put` compares what it sends with the source's SHA-256 and what the store then has with what was sent, and leaves no part of
 * an upload that fails. An object that is there and proves to be the same is not sent again.
 * Objects of any size take the same memory: three parts of 5 MiB.
 */
export class S3Store implements ArtifactStore {
  readonly name = 's3';
  private readonly settings: S3Settings;
  private readonly database: string | undefined;
  private readonly limits: UploadLimits;
  private readonly bucket: Bucket;
  private readonly keys: ObjectKeys;
  private readonly buffers = new BufferPool();

  constructor({ settings, database, client, limits }: S3StoreOptions) {
    this.settings = settings;
    this.database = database;
    this.limits = { ...LIMITS, ...limits };
    this.bucket = new Bucket(client ?? createClient(settings), settings.bucket);
    this.keys = new ObjectKeys(settings.prefix);
  }

  async *list(tier: Tier, { signal }: StoreOptions = {}): AsyncGenerator<StoredArtifact> {
    for await (const { key: objectKey, bytes, tag } of listObjects(this.bucket, this.keys.tierPrefix(tier), signal)) {
      const artifact = this.keys.artifactOf(tier, objectKey);
      if (artifact !== undefined) yield { key: artifact.key, bytes, tag };
    }
  }

  async *read(key: ArtifactKey, range?: ByteRange, { signal }: StoreOptions = {}): AsyncGenerator<Uint8Array> {
    yield* readObject(this.bucket, this.keys.objectKey(key), range, signal);
  }

  async put(key: ArtifactKey, source: ArtifactSource, { signal }: StoreOptions = {}): Promise<void> {
    const { bucket, buffers, limits, settings } = this;
    const maxParts = settings.maxParts ?? MAX_PARTS;
    await uploadObject({
      bucket,
      key: this.keys.objectKey(key),
      source,
      digests: digestsFor(settings),
      parameters: objectParameters(settings),
      limits,
      maxParts,
      buffers,
      signal,
    });
  }

  async copy(from: ArtifactKey, to: ArtifactKey, { signal }: StoreOptions = {}): Promise<void> {
    const { bucket, limits, settings } = this;
    await copyObject(bucket, this.keys.objectKey(from), this.keys.objectKey(to), {
      parameters: objectParameters(settings),
      limits,
      maxParts: settings.maxParts ?? MAX_PARTS,
      signal,
    });
  }

  async remove(key: ArtifactKey, { signal }: StoreOptions = {}): Promise<void> {
    const input = { Bucket: this.bucket.name, Key: this.keys.objectKey(key) };
    await this.bucket.call('DeleteObject', input.Key, signal, (options) => this.bucket.client.send(new DeleteObjectCommand(input), options));
  }

  async sweep({ signal }: StoreOptions = {}): Promise<readonly string[]> {
    return sweepUploads(this.bucket, this.keys, this.database, signal);
  }

  /** Closes its connections. */
  close(): void {
    this.bucket.client.destroy();
  }
}
