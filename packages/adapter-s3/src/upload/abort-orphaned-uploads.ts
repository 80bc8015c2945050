import {
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandInput,
  type ListMultipartUploadsCommandOutput,
  type MultipartUpload,
} from '@aws-sdk/client-s3';
import { TIERS, type ArtifactKey } from '@geolens/backup-core';
import type { Bucket } from '../bucket.ts';
import type { ObjectKeys } from '../objects/object-keys.ts';
import { abortUpload } from './multipart-upload.ts';

/** Which uploads are aborted. */
export interface CleanUpOptions {
  readonly keys: ObjectKeys;
  /** Uploads of dumps of other databases are left alone; of none if `undefined`. */
  readonly database: string | undefined;
  /** The uploads of this process, by the keys of their objects. One that is being begun has no id yet. */
  readonly living: ReadonlyMap<string, Promise<string | undefined>>;
}

/**
 * Aborts the uploads that killed processes left: those of objects with names of ours, below the prefix, of no
 * dump of another database, and none that this process has open. Returns the artifacts that they were for.
 */
export async function abortOrphanedUploads(
  bucket: Bucket,
  { keys, database, living }: CleanUpOptions,
  signal: AbortSignal | undefined,
): Promise<readonly ArtifactKey[]> {
  const cleanedUp: ArtifactKey[] = [];
  for await (const { Key: objectKey = '', UploadId: id } of openUploads(bucket, signal)) {
    const artifact = TIERS.map((tier) => keys.artifactOf(tier, objectKey)).find((one) => one !== undefined);
    if (artifact === undefined || id === undefined) continue;
    const { key, name } = artifact;
    if (name.kind === 'dump' && database !== undefined && name.database !== database) continue;
    if ((await living.get(objectKey)) === id) continue;
    await abortUpload(bucket, objectKey, id, signal);
    cleanedUp.push(key);
  }
  return cleanedUp;
}

type Markers = Pick<ListMultipartUploadsCommandInput, 'KeyMarker' | 'UploadIdMarker'>;

/**
 * Returns where the next page begins; `undefined` behind the last one, and if a store that claims to have
 * more gives no place.
 */
function markersBehind(page: ListMultipartUploadsCommandOutput, before: Markers): Markers | undefined {
  const { IsTruncated, NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
  const moved =
    KeyMarker !== undefined && (KeyMarker !== before.KeyMarker || UploadIdMarker !== before.UploadIdMarker);
  return IsTruncated === true && moved ? { KeyMarker, UploadIdMarker } : undefined;
}

async function* openUploads(
  bucket: Bucket,
  signal: AbortSignal | undefined,
): AsyncGenerator<MultipartUpload> {
  for (let next: Markers | undefined = {}; next !== undefined; ) {
    // Without a prefix: MinIO takes one for a whole key. Without an encoding: Ceph encodes the keys and not
    // the marker.
    const command = new ListMultipartUploadsCommand({ Bucket: bucket.name, ...next });
    const page: ListMultipartUploadsCommandOutput = await bucket.send(
      'ListMultipartUploads',
      command,
      signal,
    );
    yield* page.Uploads ?? [];
    next = markersBehind(page, next);
  }
}
