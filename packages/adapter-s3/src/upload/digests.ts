import { createHash } from 'node:crypto';
import { isAmazon } from '../endpoint.ts';
import type { ObjectFacts } from '../objects/head-object.ts';
import type { S3Settings } from '../settings.ts';

/** The checksums of requests and the check of stored objects. Digests are raw bytes. */
export interface Digests {
  /** Hash algorithm. */
  readonly algorithm: 'md5' | 'sha256';
  /** Returns the header of a put or a part, so that the store refuses other bytes. */
  forBody(digest: Buffer): { readonly ContentMD5: string } | { readonly ChecksumSHA256: string };
  /** Parameters for the start of a multipart upload. */
  readonly forUpload: { readonly ChecksumAlgorithm?: 'SHA256' };
  /** Returns what the list of parts states of a part besides its ETag. */
  forPart(digest: Buffer): { readonly ChecksumSHA256?: string };
  /** Returns whether the facts of an object confirm the digests, of the whole or of its parts in order. */
  matches(facts: ObjectFacts, digests: readonly Buffer[], inParts: boolean): boolean;
}

/**
 * The ETag is the MD5; for a multipart object, the MD5 of the parts’ MD5s.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
 */
const md5: Digests = {
  algorithm: 'md5',
  forBody: (digest) => ({ ContentMD5: digest.toString('base64') }),
  forUpload: {},
  forPart: () => ({}),
  matches: ({ etag }, digests, inParts) =>
    etag?.replaceAll('"', '') === composed('md5', 'hex', digests, inParts),
};

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html */
const sha256: Digests = {
  algorithm: 'sha256',
  forBody: (digest) => ({ ChecksumSHA256: digest.toString('base64') }),
  forUpload: { ChecksumAlgorithm: 'SHA256' },
  forPart: (digest) => ({ ChecksumSHA256: digest.toString('base64') }),
  matches: ({ sha256: found }, digests, inParts) => found === composed('sha256', 'base64', digests, inParts),
};

export function digestsFor({
  checksum = 'auto',
  endpoint,
}: Pick<S3Settings, 'checksum' | 'endpoint'>): Digests {
  if (checksum === 'auto') return isAmazon(endpoint) ? sha256 : md5;
  return checksum === 'sha256' ? sha256 : md5;
}

function composed(
  algorithm: Digests['algorithm'],
  encoding: 'hex' | 'base64',
  digests: readonly Buffer[],
  inParts: boolean,
): string {
  if (!inParts) return Buffer.concat(digests).toString(encoding);
  return `${createHash(algorithm).update(Buffer.concat(digests)).digest(encoding)}-${digests.length}`;
}
