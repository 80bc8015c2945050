import type { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { abortedBy, BackupError, throwIfAborted, type ByteRange } from '@geolens/backup-core';
import type { Bucket } from '../bucket.ts';
import { bareEtag } from './head-object.ts';
import { placeOf, s3Error } from '../s3-errors.ts';

/** Maximum number of connection losses in a row without a byte in between. */
const BREAKS = 4;

/**
 * Reads an object, or a range of it. Resumes after the last byte received if the connection drops. Throws if
 * another object has replaced it meanwhile.
 */
export async function* readObject(
  bucket: Bucket,
  key: string,
  range: ByteRange | undefined,
  signal: AbortSignal | undefined,
  tag?: string,
): AsyncGenerator<Uint8Array> {
  if (range !== undefined && range.end <= range.start) return;
  let next = range?.start ?? 0;
  let end = range?.end;
  let etag: string | undefined;
  let breaks = 0;
  while (end === undefined || next < end) {
    const whole = next === 0 && range === undefined;
    const command = new GetObjectCommand({
      Bucket: bucket.name,
      Key: key,
      Range: whole ? undefined : `bytes=${next}-${end === undefined ? '' : end - 1}`,
      IfMatch: etag,
    });
    const { Body, ETag, ContentLength } = await bucket.send('GetObject', command, signal);
    if (tag !== undefined && ETag !== undefined && tag !== bareEtag(ETag))
      throw new BackupError(
        'STORE_FAILED',
        `${placeOf({ bucket: bucket.name, key })} was replaced meanwhile`,
      );
    etag ??= ETag;
    // A range may end after the end of the object.
    if (ContentLength !== undefined) end = next + ContentLength;
    const body = Body as Readable;
    const stop = (): void => void body.destroy(signal && abortedBy(signal));
    signal?.addEventListener('abort', stop, { once: true });
    try {
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        next += chunk.length;
        breaks = 0;
        yield chunk;
      }
      if (end === undefined || next >= end) return;
    } catch (error) {
      throwIfAborted(signal);
      breaks += 1;
      if (breaks > BREAKS) throw s3Error(error, { bucket: bucket.name, operation: 'GetObject', key });
    } finally {
      signal?.removeEventListener('abort', stop);
      body.destroy();
    }
  }
}
