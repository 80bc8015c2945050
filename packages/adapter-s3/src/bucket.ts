import type { S3Client } from '@aws-sdk/client-s3';
import { throwIfAborted, untilAborted } from '@geolens/backup-core';
import { s3Error } from './s3-errors.ts';

/** What the SDK takes beside a command. */
export interface CallOptions {
  readonly abortSignal?: AbortSignal;
}

/** One bucket, and the one place where what the SDK throws becomes errors of ours. */
export class Bucket {
  readonly name: string;
  readonly client: S3Client;

  constructor(client: S3Client, name: string) {
    this.client = client;
    this.name = name;
  }

  /**
   * Makes one call to the store. When the signal fires it rejects at once, whatever the connection does.
   * @param operation the name of the operation, and the key that it is about, for messages
   */
  async call<T>(
    operation: string,
    key: string | undefined,
    signal: AbortSignal | undefined,
    send: (options: CallOptions) => Promise<T>,
  ): Promise<T> {
    throwIfAborted(signal);
    try {
      return await untilAborted(send(signal === undefined ? {} : { abortSignal: signal }), signal);
    } catch (error) {
      throwIfAborted(signal);
      throw s3Error(error, { bucket: this.name, operation, key });
    }
  }
}
