import { AbortMultipartUploadCommand, ListMultipartUploadsCommand, type ListMultipartUploadsCommandInput, type ListMultipartUploadsCommandOutput } from '@aws-sdk/client-s3';
import { TIERS, type ArtifactKey } from '@geolens/backup-core';
import type { Bucket } from './bucket.ts';
import type { ObjectKeys } from './object-keys.ts';
import { providerCodeOf } from './s3-errors.ts';

/** An upload in parts that nobody completed. */
interface OpenUpload {
  readonly artifact: ArtifactKey;
  readonly objectKey: string;
  readonly id: string;
}

/**
 * Aborts the uploads that killed processes left: those of objects with names of ours, below the prefix, and of no dump of
 * another database. Answers the artifacts that they were to become.
 */
export async function sweepUploads(bucket: Bucket, keys: ObjectKeys, database: string | undefined, signal: AbortSignal | undefined): Promise<readonly ArtifactKey[]> {
  const swept: ArtifactKey[] = [];
  for await (const { artifact, objectKey, id } of openUploads(bucket, keys, database, signal)) {
    const input = { Bucket: bucket.name, Key: objectKey, UploadId: id };
    try {
      await bucket.call('AbortMultipartUpload', objectKey, signal, (options) => bucket.client.send(new AbortMultipartUploadCommand(input), options));
    } catch (error) {
      if (providerCodeOf(error) !== 'NoSuchUpload') throw error;
    }
    swept.push(artifact);
  }
  return swept;
}

async function* openUploads(bucket: Bucket, keys: ObjectKeys, database: string | undefined, signal: AbortSignal | undefined): AsyncGenerator<OpenUpload> {
  for (const tier of TIERS) {
    let next: { readonly KeyMarker?: string | undefined; readonly UploadIdMarker?: string | undefined } | undefined = {};
    while (next !== undefined) {
      // Without an encoding: Ceph encodes the keys and not the marker, which it then does not know again.
      const input: ListMultipartUploadsCommandInput = { Bucket: bucket.name, Prefix: keys.tierPrefix(tier), ...next };
      const page: ListMultipartUploadsCommandOutput = await bucket.call('ListMultipartUploads', undefined, signal, (options) => bucket.client.send(new ListMultipartUploadsCommand(input), options));
      for (const { Key, UploadId: id } of page.Uploads ?? []) {
        if (Key === undefined || id === undefined) continue;
        const artifact = keys.artifactOf(tier, Key);
        const isOurs = artifact !== undefined && (artifact.name.kind !== 'dump' || database === undefined || artifact.name.database === database);
        if (isOurs) yield { artifact: artifact.key, objectKey: Key, id };
      }
      next = page.IsTruncated === true ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : undefined;
    }
  }
}
