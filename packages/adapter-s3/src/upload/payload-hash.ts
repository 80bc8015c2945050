import type { S3Client } from '@aws-sdk/client-s3';

const PAYLOAD_HASH = 'x-amz-content-sha256';

/** Elsewhere such a header may be the digest of an object, not of the body of the request. */
const WITH_A_BODY_OF_OURS = ['PutObjectCommand', 'UploadPartCommand'];

/**
 * Signs bodies whose digest we send along by that digest, which is among the headers that are signed: the SDK
 * would read and hash each once more. A SHA-256 is itself what the signature wants; beside an MD5 the
 * signature says that it covers the headers alone, and with them the MD5. Requests without a digest of ours
 * are signed as ever. A store that does not look at the MD5 may take bytes that changed on their way; what it
 * has is compared afterwards, as ever. The SDK itself leaves bodies that are streams unsigned in the same
 * way. https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function signBodiesByTheirDigest(client: S3Client): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        if (WITH_A_BODY_OF_OURS.includes(String(commandName))) signByDigest(args.request as RequestOfOurs);
        return next(args);
      },
    { step: 'build', name: 'signBodiesByTheirDigest', priority: 'low' },
  );
}

interface RequestOfOurs {
  readonly headers: Record<string, string>;
}

function signByDigest({ headers }: RequestOfOurs): void {
  const sha256 = headers['x-amz-checksum-sha256'];
  if (sha256 !== undefined) headers[PAYLOAD_HASH] = Buffer.from(sha256, 'base64').toString('hex');
  else if (headers['content-md5'] !== undefined) headers[PAYLOAD_HASH] = 'UNSIGNED-PAYLOAD';
}
