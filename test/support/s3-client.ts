import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { onTestFinished } from 'vitest';

export interface S3Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** How an S3 server of the tests is reached: region us-east-1, path style. */
export interface S3Access extends S3Keys {
  readonly endpoint: string;
}

/**
 * A client for the test that runs. It asks once, so that a fault shows as it is, and adds no checksums of its
 * own, unless told otherwise.
 */
export function s3Client(
  { endpoint, accessKeyId, secretAccessKey }: S3Access,
  settings: S3ClientConfig = {},
): S3Client {
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...settings,
  });
  onTestFinished(() => {
    client.destroy();
  });
  return client;
}
