import { HeadObjectCommand } from '@aws-sdk/client-s3';
import type { Bucket } from '../bucket.ts';

/** What a store says of an object. */
export interface ObjectFacts {
  /** Length in bytes; undefined where a proxy in between keeps it back. */
  readonly bytes: number | undefined;
  /** As it came, with its quotes. */
  readonly etag: string | undefined;
  /** Base64; of an object made in parts, that of the parts’ digests, with their number behind it. */
  readonly sha256: string | undefined;
}

/** @throws BackupError ARTIFACT_NOT_FOUND if there is no such object */
export async function headObject(
  bucket: Bucket,
  key: string,
  signal: AbortSignal | undefined,
): Promise<ObjectFacts> {
  const command = new HeadObjectCommand({ Bucket: bucket.name, Key: key, ChecksumMode: 'ENABLED' });
  const { ContentLength, ETag, ChecksumSHA256 } = await bucket.send('HeadObject', command, signal);
  return { bytes: ContentLength, etag: ETag, sha256: ChecksumSHA256 };
}

/** Returns an ETag without quotes: stores write it with and without. */
export function bareEtag(etag: string): string {
  return etag.replace(/^W\//, '').replaceAll('"', '');
}
