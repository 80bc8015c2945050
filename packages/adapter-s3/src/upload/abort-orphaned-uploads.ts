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

/** Options for aborting orphaned multipart uploads. */
export interface CleanUpOptions {
  readonly keys: ObjectKeys;
  /** Uploads of dumps of other databases are skipped; `undefined` skips none. */
  readonly database: string | undefined;
  /** Uploads of this process by object key. An upload that is just starting has no id yet. */
  readonly living: ReadonlyMap<string, Promise<string | undefined>>;
}

/**
 * Aborts the uploads that killed processes left. Includes only artifact names below the prefix. Skips dumps
 * of other databases and the open uploads of this process.
 * @returns the artifacts of the aborted uploads
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
 * Returns the start of the next page; `undefined` after the last one. Also `undefined` if a store claims to
 * have more but returns no new marker.
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
    // Uses no prefix: MinIO takes it for a whole key. Uses no encoding: Ceph encodes keys but not the marker.
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
