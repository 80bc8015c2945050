import { HeadObjectCommand } from '@aws-sdk/client-s3';
import type { Bucket } from '../bucket.ts';

/** Properties of an object that a store reports. */
export interface ObjectFacts {
  /** Length in bytes; `undefined` if a proxy removes it. */
  readonly bytes: number | undefined;
  /** ETag as received, with quotes. */
  readonly etag: string | undefined;
  /** Base64 SHA-256. For a multipart object: the digest of the parts’ digests, followed by their number. */
  readonly sha256: string | undefined;
}

/**
 * Returns the properties of an object.
 * @throws BackupError ARTIFACT_NOT_FOUND if the object does not exist
 */
export async function headObject(
  bucket: Bucket,
  key: string,
  signal: AbortSignal | undefined,
): Promise<ObjectFacts> {
  const command = new HeadObjectCommand({ Bucket: bucket.name, Key: key, ChecksumMode: 'ENABLED' });
  const { ContentLength, ETag, ChecksumSHA256 } = await bucket.send('HeadObject', command, signal);
  return { bytes: ContentLength, etag: ETag, sha256: ChecksumSHA256 };
}

/** Returns an ETag without quotes: some stores write quotes, others do not. */
export function bareEtag(etag: string): string {
  return etag.replace(/^W\//, '').replaceAll('"', '');
}
