import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CompletedPart,
  type CompleteMultipartUploadCommandOutput,
  type CreateMultipartUploadCommandInput,
} from '@aws-sdk/client-s3';
import { BackupError, isBackupError, throwIfAborted, toBackupError } from '@geolens/backup-core';
import type { Bucket } from '../bucket.ts';
import { providerCodeOf } from '../s3-errors.ts';

/**
 * What has to be ended in order takes no longer than this when the process is asked to stop; it has ten
 * seconds in all.
 */
const GRACE_MS = 3_000;

/**
 * An upload in parts that was begun. Its parts are paid for, and invisible, until it is completed or aborted.
 */
export class MultipartUpload {
  readonly id: string;
  /** Fires when the caller's does, and when one of the parts has failed. */
  readonly signal: AbortSignal;
  private readonly bucket: Bucket;
  private readonly key: string;
  private readonly failed: AbortController;

  private constructor(bucket: Bucket, key: string, id: string, signal: AbortSignal | undefined) {
    this.bucket = bucket;
    this.key = key;
    this.id = id;
    this.failed = new AbortController();
    this.signal = signal === undefined ? this.failed.signal : AbortSignal.any([signal, this.failed.signal]);
  }

  static async begin(
    bucket: Bucket,
    key: string,
    parameters: Omit<CreateMultipartUploadCommandInput, 'Bucket' | 'Key'>,
    signal: AbortSignal | undefined,
  ): Promise<MultipartUpload> {
    const input = { Bucket: bucket.name, Key: key, ...parameters };
    throwIfAborted(signal);
    // Not interrupted at once: an upload whose id did not arrive could not be aborted.
    const { UploadId } = await bucket.call('CreateMultipartUpload', key, afterGrace(signal), (options) =>
      bucket.client.send(new CreateMultipartUploadCommand(input), options),
    );
    if (UploadId === undefined)
      throw new BackupError(
        'STORE_FAILED',
        `s3://${bucket.name}/${key}: the store began an upload and gave it no id`,
      );
    return new MultipartUpload(bucket, key, UploadId, signal);
  }

  /**
   * Runs workers at once. When one fails, the others are stopped, all are waited for, and the first failure
   * is thrown.
   */
  async inParallel(count: number, worker: (index: number) => Promise<void>): Promise<void> {
    let first: { readonly error: unknown } | undefined;
    const watched = Array.from({ length: count }, (_, index) =>
      worker(index).catch((error: unknown) => {
        first ??= { error };
        this.failed.abort(error);
      }),
    );
    await Promise.all(watched);
    if (first !== undefined) throw first.error;
  }

  complete(parts: readonly CompletedPart[]): Promise<CompleteMultipartUploadCommandOutput> {
    const input = {
      Bucket: this.bucket.name,
      Key: this.key,
      UploadId: this.id,
      MultipartUpload: { Parts: [...parts] },
    };
    return this.bucket.call('CompleteMultipartUpload', this.key, this.signal, (options) =>
      this.bucket.client.send(new CompleteMultipartUploadCommand(input), options),
    );
  }

  /** Does the work that ends in `complete`; when it fails, the upload is aborted, and its parts are gone. */
  async orAbort<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const left = await this.abort();
      if (left === undefined || !isBackupError(error)) throw error;
      throw new BackupError(
        error.code,
        `${error.message} (and the parts that were sent already could not be removed: ${left.message})`,
        { details: error.details, hint: error.hint, cause: error },
      );
    }
  }

  /** Answers why it could not be aborted. */
  async abort(): Promise<BackupError | undefined> {
    const input = { Bucket: this.bucket.name, Key: this.key, UploadId: this.id };
    try {
      await this.bucket.call('AbortMultipartUpload', this.key, AbortSignal.timeout(GRACE_MS), (options) =>
        this.bucket.client.send(new AbortMultipartUploadCommand(input), options),
      );
    } catch (error) {
      if (providerCodeOf(error) !== 'NoSuchUpload') return toBackupError(error);
    }
    return undefined;
  }
}

/** A signal that fires some time after the other. */
function afterGrace(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  const later = new AbortController();
  signal.addEventListener(
    'abort',
    () =>
      setTimeout(() => {
        later.abort(signal.reason);
      }, GRACE_MS).unref(),
    { once: true },
  );
  return later.signal;
}
