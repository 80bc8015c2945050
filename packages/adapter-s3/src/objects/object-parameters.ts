import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import type { S3Settings } from '../settings.ts';

/** What is asked for with every new object: of a put, a copy, and the beginning of an upload in parts. */
export type ObjectParameters = Pick<
  PutObjectCommandInput,
  'StorageClass' | 'ServerSideEncryption' | 'SSEKMSKeyId'
>;

export function objectParameters({ storageClass, encryption, kmsKeyId }: S3Settings): ObjectParameters {
  return {
    // The provider judges: every one has classes of its own.
    ...(storageClass !== undefined && {
      StorageClass: storageClass as NonNullable<ObjectParameters['StorageClass']>,
    }),
    ...(encryption !== undefined && {
      ServerSideEncryption: encryption as NonNullable<ObjectParameters['ServerSideEncryption']>,
    }),
    ...(kmsKeyId !== undefined && { SSEKMSKeyId: kmsKeyId }),
  };
}
