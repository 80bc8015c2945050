import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CompletedPart,
  type CreateMultipartUploadCommandInput,
  type UploadPartCommandInput,
} from '@aws-sdk/client-s3';
import { BackupError, isBackupError, throwIfAborted, toBackupError } from '@geolens/backup-core';
import type { Bucket } from '../bucket.ts';
import { placeOf, providerCodeOf } from '../s3-errors.ts';

/** Milliseconds to finish a request after an abort. The process has ten seconds in total. */
const GRACE_MS = 3_000;

/** A started multipart upload. Its parts are billed, and invisible, until it is completed or aborted. */
export class MultipartUpload {
  readonly id: string;
  /** Fires if the caller's signal fires or a part fails. */
  readonly signal: AbortSignal;
  private readonly bucket: Bucket;
  private readonly key: string;
  private readonly failed = new AbortController();

  private constructor(bucket: Bucket, key: string, id: string, signal: AbortSignal | undefined) {
    this.bucket = bucket;
    this.key = key;
    this.id = id;
    this.signal = signal === undefined ? this.failed.signal : AbortSignal.any([signal, this.failed.signal]);
  }

  static async begin(
    bucket: Bucket,
    key: string,
    parameters: Omit<CreateMultipartUploadCommandInput, 'Bucket' | 'Key'>,
    signal: AbortSignal | undefined,
  ): Promise<MultipartUpload> {
    throwIfAborted(signal);
    const command = new CreateMultipartUploadCommand({ Bucket: bucket.name, Key: key, ...parameters });
    // Not interrupted at once: an upload without a known id could not be aborted.
    const { UploadId } = await bucket.send('CreateMultipartUpload', command, afterGrace(signal));
    if (UploadId !== undefined) return new MultipartUpload(bucket, key, UploadId, signal);
    throw new BackupError(
      'STORE_FAILED',
      `${placeOf({ bucket: bucket.name, key })}: the store began an upload and gave it no id`,
    );
  }

  /** Returns the input of a request for one part. */
  position(index: number): Pick<UploadPartCommandInput, 'Bucket' | 'Key' | 'UploadId' | 'PartNumber'> {
    return { Bucket: this.bucket.name, Key: this.key, UploadId: this.id, PartNumber: index + 1 };
  }

  /** Runs workers in parallel. If one fails, stops the others, waits for all and throws the first failure. */
  async inParallel(count: number, worker: () => Promise<void>): Promise<void> {
    let first: { readonly error: unknown } | undefined;
    const watched = Array.from({ length: count }, () =>
      worker().catch((error: unknown) => {
        first ??= { error };
        this.failed.abort(error);
      }),
    );
    await Promise.all(watched);
    if (first !== undefined) throw first.error;
  }

  async complete(parts: readonly CompletedPart[]): Promise<void> {
    const MultipartUpload = { Parts: [...parts] };
    const input = { Bucket: this.bucket.name, Key: this.key, UploadId: this.id, MultipartUpload };
    await this.bucket.send('CompleteMultipartUpload', new CompleteMultipartUploadCommand(input), this.signal);
  }

  /** Runs work that ends in `complete`. If it fails, aborts the upload, which removes its parts. */
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

  /** Aborts the upload. Returns the error if that fails, otherwise `undefined`. */
  async abort(): Promise<BackupError | undefined> {
    return abortUpload(this.bucket, this.key, this.id, AbortSignal.timeout(GRACE_MS)).then(
      () => undefined,
      toBackupError,
    );
  }
}

/** Aborts an upload, if it exists. */
export async function abortUpload(
  bucket: Bucket,
  key: string,
  id: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const command = new AbortMultipartUploadCommand({ Bucket: bucket.name, Key: key, UploadId: id });
  await bucket.send('AbortMultipartUpload', command, signal).catch((error: unknown) => {
    if (providerCodeOf(error) !== 'NoSuchUpload') throw error;
  });
}

/** Returns a signal that fires after the grace period of another signal. */
function afterGrace(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  const later = new AbortController();
  const fireLater = (): void => {
    setTimeout(() => {
      later.abort(signal.reason);
    }, GRACE_MS).unref();
  };
  signal.addEventListener('abort', fireLater, { once: true });
  return later.signal;
}
