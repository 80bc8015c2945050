import { createHash } from 'node:crypto';
import { isAmazon } from '../endpoint.ts';
import type { ObjectFacts } from '../objects/head-object.ts';
import type { S3Settings } from '../settings.ts';

/** How a store is told what it should receive, and how its answer is judged. Digests are raw bytes. */
export interface Digests {
  /** Of the hash. */
  readonly algorithm: 'md5' | 'sha256';
  /** What goes along with a put or a part, so that the store refuses other bytes. */
  forBody(digest: Buffer): { readonly ContentMD5: string } | { readonly ChecksumSHA256: string };
  /** What goes along with the beginning of an upload in parts. */
  readonly forUpload: { readonly ChecksumAlgorithm?: 'SHA256' };
  /** What the list of parts says of a part beside its ETag. */
  forPart(digest: Buffer): { readonly ChecksumSHA256?: string };
  /**
   * Whether what the store says of an object proves that it has the bytes of these digests: of the whole, or
   * of its parts in their order.
   */
  matches(facts: ObjectFacts, digests: readonly Buffer[], inParts: boolean): boolean;
}

/**
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html: the ETag is the MD5, of an object in parts
 * that of the parts’ MD5s.
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
