import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandInput,
  type ListMultipartUploadsCommandOutput,
} from '@aws-sdk/client-s3';
import { TIERS, type ArtifactKey } from '@geolens/backup-core';
import type { Bucket } from '../bucket.ts';
import type { ObjectKeys } from '../objects/object-keys.ts';
import { providerCodeOf } from '../s3-errors.ts';

/** An upload in parts that nobody completed. */
interface OpenUpload {
  readonly artifact: ArtifactKey;
  readonly objectKey: string;
  readonly id: string;
}

/** Which uploads are nobody's any more. */
export interface CleanUpOptions {
  readonly keys: ObjectKeys;
  /** Whose dumps; those of all databases when absent. */
  readonly database: string | undefined;
  /**
   * The uploads that this process has open, by the keys of their objects; what is just being begun has no id
   * yet.
   */
  readonly living: ReadonlyMap<string, Promise<string | undefined>>;
}

/**
 * Aborts the uploads that killed processes left: those of objects with names of ours, below the prefix, of no
 * dump of another database, and none that this process has open. Answers the artifacts that they were to
 * become.
 */
export async function abortOrphanedUploads(
  bucket: Bucket,
  { keys, database, living }: CleanUpOptions,
  signal: AbortSignal | undefined,
): Promise<readonly ArtifactKey[]> {
  const cleanedUp: ArtifactKey[] = [];
  for await (const { artifact, objectKey, id } of openUploads(bucket, keys, database, signal)) {
    if ((await living.get(objectKey)) === id) continue;
    const input = { Bucket: bucket.name, Key: objectKey, UploadId: id };
    try {
      await bucket.call('AbortMultipartUpload', objectKey, signal, (options) =>
        bucket.client.send(new AbortMultipartUploadCommand(input), options),
      );
    } catch (error) {
      if (providerCodeOf(error) !== 'NoSuchUpload') throw error;
    }
    cleanedUp.push(artifact);
  }
  return cleanedUp;
}

type Markers = Pick<ListMultipartUploadsCommandInput, 'KeyMarker' | 'UploadIdMarker'>;

/**
 * Where the next page begins; undefined behind the last one, and where a store that says that there is more
 * does not say where.
 */
function markersBehind(page: ListMultipartUploadsCommandOutput, before: Markers): Markers | undefined {
  const { IsTruncated, NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
  const moved =
    KeyMarker !== undefined && (KeyMarker !== before.KeyMarker || UploadIdMarker !== before.UploadIdMarker);
  return IsTruncated === true && moved ? { KeyMarker, UploadIdMarker } : undefined;
}

async function* openUploads(
  bucket: Bucket,
  keys: ObjectKeys,
  database: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<OpenUpload> {
  let next: Markers | undefined = {};
  while (next !== undefined) {
    // Without a prefix: MinIO takes one for a whole key. Without an encoding: Ceph encodes the keys and not
    // the marker.
    const input: ListMultipartUploadsCommandInput = { Bucket: bucket.name, ...next };
    const page: ListMultipartUploadsCommandOutput = await bucket.call(
      'ListMultipartUploads',
      undefined,
      signal,
      (options) => bucket.client.send(new ListMultipartUploadsCommand(input), options),
    );
    for (const { Key: objectKey, UploadId: id } of page.Uploads ?? []) {
      const artifact = objectKey === undefined ? undefined : artifactOf(keys, objectKey, database);
      if (artifact !== undefined && objectKey !== undefined && id !== undefined)
        yield { artifact, objectKey, id };
    }
    next = markersBehind(page, next);
  }
}

/** The artifact that an upload was to become, when it is one of ours. */
function artifactOf(
  keys: ObjectKeys,
  objectKey: string,
  database: string | undefined,
): ArtifactKey | undefined {
  const artifact = TIERS.map((tier) => keys.artifactOf(tier, objectKey)).find((found) => found !== undefined);
  if (artifact?.name.kind === 'dump' && database !== undefined && artifact.name.database !== database)
    return undefined;
  return artifact?.key;
}
