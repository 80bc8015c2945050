import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import type { S3Settings } from '../settings.ts';

/** Parameters of each new object: for a put, a copy and the start of a multipart upload. */
export type ObjectParameters = Pick<
  PutObjectCommandInput,
  'StorageClass' | 'ServerSideEncryption' | 'SSEKMSKeyId'
>;

export function objectParameters({ storageClass, encryption, kmsKeyId }: S3Settings): ObjectParameters {
  return {
    // The provider validates the class: each provider has its own classes.
    ...(storageClass !== undefined && {
      StorageClass: storageClass as NonNullable<ObjectParameters['StorageClass']>,
    }),
    ...(encryption !== undefined && {
      ServerSideEncryption: encryption as NonNullable<ObjectParameters['ServerSideEncryption']>,
    }),
    ...(kmsKeyId !== undefined && { SSEKMSKeyId: kmsKeyId }),
  };
}
