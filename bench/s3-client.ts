import { S3Client } from '@aws-sdk/client-s3';
import type { S3Access } from '../test/support/s3-client.ts';

export interface Bucket extends S3Access {
  readonly name: string;
}

export function s3Client({ endpoint, accessKeyId, secretAccessKey }: S3Access): S3Client {
  return new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: false,
  });
}
