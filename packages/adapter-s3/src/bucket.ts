import type { S3Client } from '@aws-sdk/client-s3';
import { throwIfAborted, untilAborted } from '@geolens/backup-core';
import { silenceMs } from './client.ts';
import { s3Error } from './s3-errors.ts';
import type { S3Settings } from './settings.ts';

/** What the SDK takes beside a command. */
export interface CallOptions {
  readonly abortSignal?: AbortSignal;
}

/** One bucket, and the one place where what the SDK throws becomes errors of ours. */
export class Bucket {
  readonly name: string;
  readonly client: S3Client;
  /** How long the store may be silent, in milliseconds. */
  readonly silenceMs: number;

  constructor(client: S3Client, settings: S3Settings) {
    this.client = client;
    this.name = settings.bucket;
    this.silenceMs = silenceMs(settings);
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
