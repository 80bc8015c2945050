import { BackupError, errorText, sha256Of, withReason } from '@geolens/backup-core';
import { headObject, type ObjectFacts } from '../objects/head-object.ts';
import { readObject } from '../objects/read-object.ts';
import { placeOf } from '../s3-errors.ts';
import type { HashedParts } from './hashed-parts.ts';
import type { UploadRequest } from './upload-request.ts';

/**
 * Compares the stored object with the source, by the length and digest that the store reports. Reads the
 * object back if these do not suffice.
 * @returns what the store reports of the object
 * @throws BackupError ARTIFACT_MISMATCH if they differ; the object is removed
 */
export async function checkStored(request: UploadRequest, parts: HashedParts): Promise<ObjectFacts> {
  const { bucket, key, source, digests, signal } = request;
  const facts = await headObject(bucket, key, signal);
  const sameLength = facts.bytes === undefined || facts.bytes === source.bytes;
  if (
    sameLength &&
    (digests.matches(facts, parts.digests, parts.count > 1) ||
      (await sha256Of(readObject(bucket, key, undefined, signal))) === source.sha256)
  )
    return facts;
  const remains = await bucket.remove(key, signal).then(
    () => 'it was removed again',
    (error: unknown) => `it could not be removed again: ${errorText(error)}`,
  );
  throw new BackupError(
    'ARTIFACT_MISMATCH',
    `${placeOf({ bucket: bucket.name, key })}: ${source.bytes} bytes with SHA-256 ${source.sha256} were sent, but the store has others (${facts.bytes ?? '?'} bytes); ${remains}`,
    withReason('bytes-changed'),
  );
}
