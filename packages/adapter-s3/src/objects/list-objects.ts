import {
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  type ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3';
import { BackupError, withReason } from '@geolens/backup-core';
import type { Bucket } from '../bucket.ts';
import { bareEtag } from './head-object.ts';
import { NO_S3_STORE, placeOf } from '../s3-errors.ts';

/** Maximum number of objects in a listing, of any name. Pages cost time, not memory. */
const MOST_OBJECTS = 1_000_000;

/** Minimum number of objects that a page counts for: a store may always claim to have another page. */
const LEAST_OF_PAGE = 500;

export interface ListedObject {
  readonly key: string;
  /** Length in bytes. */
  readonly bytes: number;
  /** ETag without quotes. */
  readonly tag: string | undefined;
}

/**
 * Lists all objects whose keys start with the prefix and have no further slash, page by page.
 * @throws BackupError STORE_FAILED if there are too many
 */
export async function* listObjects(
  bucket: Bucket,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ListedObject> {
  let token: string | undefined;
  let objects = 0;
  do {
    const input: ListObjectsV2CommandInput = {
      Bucket: bucket.name,
      Prefix: prefix,
      Delimiter: '/',
      EncodingType: 'url', // database names may have characters that XML does not allow
      ContinuationToken: token,
    };
    const page = await listPage(bucket, input, signal);
    for (const { Key: key, Size: bytes = 0, ETag: tag } of page.Contents ?? [])
      if (key !== undefined)
        yield {
          key: decoded(key, page.EncodingType),
          bytes: Number.isSafeInteger(bytes) ? bytes : 0,
          tag: tag && bareEtag(tag),
        };
    objects += Math.max(LEAST_OF_PAGE, page.Contents?.length ?? 0);
    if (objects > MOST_OBJECTS)
      throw new BackupError(
        'STORE_FAILED',
        `${placeOf({ bucket: bucket.name, key: prefix })} has more than ${MOST_OBJECTS} objects, the most that are listed`,
        withReason('store-too-large'),
      );
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

/**
 * Lists one page.
 * @throws BackupError STORE_UNAVAILABLE if the answer is not a listing, although its status is 200
 */
export async function listPage(
  bucket: Bucket,
  input: ListObjectsV2CommandInput,
  signal: AbortSignal | undefined,
): Promise<ListObjectsV2CommandOutput> {
  const page = await bucket.send('ListObjectsV2', new ListObjectsV2Command(input), signal);
  const { Name, KeyCount, IsTruncated, Contents } = page;
  if ([Name, KeyCount, IsTruncated, Contents].some((part) => part !== undefined)) return page;
  throw new BackupError(
    NO_S3_STORE.code,
    `${placeOf({ bucket: bucket.name })}: ListObjectsV2 failed: the answer is not that of an S3 store`,
    withReason(NO_S3_STORE.reason),
  );
}

/** Decodes a key of a listing with the encoding `url`. Stores without that encoding return keys unchanged. */
function decoded(key: string, encoding: string | undefined): string {
  return encoding === 'url' ? decodeURIComponent(key.replaceAll('+', '%20')) : key;
}
