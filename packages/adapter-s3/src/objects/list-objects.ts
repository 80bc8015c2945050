import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { Bucket } from '../bucket.ts';

export interface ListedObject {
  readonly key: string;
  /** Length in bytes. */
  readonly bytes: number;
  /** The ETag. */
  readonly tag: string | undefined;
}

/** All objects whose keys begin with the prefix and have no further slash, page after page. */
export async function* listObjects(
  bucket: Bucket,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ListedObject> {
  let token: string | undefined;
  do {
    const input = {
      Bucket: bucket.name,
      Prefix: prefix,
      Delimiter: '/',
      // Names of databases may have characters that XML has not.
      EncodingType: 'url' as const,
      ...(token !== undefined && { ContinuationToken: token }),
    };
    const page = await bucket.call('ListObjectsV2', undefined, signal, (options) =>
      bucket.client.send(new ListObjectsV2Command(input), options),
    );
    for (const { Key: key, Size: bytes, ETag: tag } of page.Contents ?? [])
      if (key !== undefined) yield { key: decoded(key, page.EncodingType), bytes: bytes ?? 0, tag };
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

/**
 * A key as it stands in a listing that was asked for with the encoding `url`; stores that do not know it
 * leave keys as they are.
 */
function decoded(key: string, encoding: string | undefined): string {
  return encoding === 'url' ? decodeURIComponent(key.replaceAll('+', '%20')) : key;
}
