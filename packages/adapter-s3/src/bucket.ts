import {
  DeleteObjectCommand,
  type $Command,
  type S3Client,
  type S3ClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-s3';
import { throwIfAborted } from '@geolens/backup-core';
import { untilAborted } from '@geolens/backup-core/internal';
import { s3Error } from './s3-errors.ts';

type Command<I extends ServiceInputTypes, O extends ServiceOutputTypes> = $Command<
  I,
  O,
  S3ClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes
>;

/** One bucket. Converts errors of the SDK to `BackupError`. */
export class Bucket {
  readonly name: string;
  readonly client: S3Client;

  constructor(client: S3Client, name: string) {
    this.client = client;
    this.name = name;
  }

  /**
   * Sends one request to the store. Rejects at once if the signal fires, regardless of the connection.
   * @param operation the provider's name of the operation, for messages
   */
  async send<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
    operation: string,
    command: Command<I, O>,
    signal: AbortSignal | undefined,
  ): Promise<O> {
    throwIfAborted(signal);
    try {
      const options = signal === undefined ? {} : { abortSignal: signal };
      return await untilAborted(this.client.send(command, options), signal);
    } catch (error) {
      throwIfAborted(signal);
      const input: ServiceInputTypes = command.input;
      const key = 'Key' in input ? input.Key : undefined;
      throw s3Error(error, { bucket: this.name, operation, key });
    }
  }

  /** Removes an object, if it exists. */
  async remove(key: string, signal: AbortSignal | undefined): Promise<void> {
    await this.send('DeleteObject', new DeleteObjectCommand({ Bucket: this.name, Key: key }), signal);
  }
}
