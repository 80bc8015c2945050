import type { S3Client } from '@aws-sdk/client-s3';

const PAYLOAD_HASH = 'x-amz-content-sha256';

/**
 * Signs bodies whose digest we send along by that digest, which is among the headers that are signed: the SDK would read and hash each
 * once more. A SHA-256 is itself what the signature wants; beside an MD5 the signature says that it covers the headers alone, and with them the MD5.
 * Requests without a digest of ours are signed as ever.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function signBodiesByTheirDigest(client: S3Client): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const headers = headersOf(args.request);
      const hash = headers === undefined ? undefined : payloadHash(headers);
      if (hash !== undefined) headers![PAYLOAD_HASH] = hash;
      return next(args);
    },
    { step: 'build', name: 'signBodiesByTheirDigest', priority: 'low' },
  );
}

function payloadHash(headers: Readonly<Record<string, string>>): string | undefined {
  const sha256 = headers['x-amz-checksum-sha256'];
  if (sha256 !== undefined) return Buffer.from(sha256, 'base64').toString('hex');
  return headers['content-md5'] === undefined ? undefined : 'UNSIGNED-PAYLOAD';
}

function headersOf(request: unknown): Record<string, string> | undefined {
  return typeof request === 'object' && request !== null && 'headers' in request ? (request.headers as Record<string, string>) : undefined;
}
