import { createHash } from 'node:crypto';
import {
  CopyObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  UploadPartCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import {
  BackupError,
  isBackupError,
  sha256Of,
  throwIfAborted,
  type Clock,
  withReason,
} from '@geolens/backup-core';
import {
  failedCheck,
  notChecked,
  type DiagnosticCheck,
  type DiagnosticResult,
  type DiagnosticLevel,
} from '@geolens/backup-core/internal';
import { Bucket } from './bucket.ts';
import { createClient } from './client.ts';
import { copySource } from './upload/copy-object.ts';
import { digestsFor, type Digests } from './upload/digests.ts';
import { MultipartUpload } from './upload/multipart-upload.ts';
import { listPage } from './objects/list-objects.ts';
import { ObjectKeys } from './objects/object-keys.ts';
import { objectParameters, type ObjectParameters } from './objects/object-parameters.ts';
import { readObject } from './objects/read-object.ts';
import { placeOf } from './s3-errors.ts';
import type { S3Settings } from './settings.ts';

/** The bucket to inspect. */
export interface S3DiagnosticCheckOptions {
  readonly settings: S3Settings;
  readonly clock: Clock;
  /** Another client, for tests. */
  readonly client?: S3Client | undefined;
}

/**
 * Object names of the check, which are no artifact names. They are constant: if the key may not remove
 * objects, only two small ones stay.
 */
const [PROBE, COPY] = ['.geolens-backup-doctor', '.geolens-backup-doctor-copy'];

const CONTENT = Buffer.from('geolens-backup doctor: this object can be removed\n');

/** The step that the following steps need. */
const NEEDED = 's3 put';
const READING = 's3 get';

const ODD_MS = 60_000;
/** Stores refuse signatures that are 15 minutes off. */
const REFUSED_MS = 10 * 60_000;

/** One operation to try, and the consequence of its failure. */
interface Step {
  readonly subject: string;
  readonly works: string;
  readonly try: () => Promise<unknown>;
  /** Level of a failure. Defaults to `fail`. */
  readonly level?: DiagnosticLevel;
  /** Step without which this one fails for the same reason. */
  readonly needs?: string;
  /** Consequence of a failure. */
  readonly means?: string;
}

/** Returns whether every step fails this way: the store is unreachable, or refuses the credentials. */
function failsAll(error: unknown): boolean {
  if (isBackupError(error, 'STORE_UNAVAILABLE')) return true;
  return isBackupError(error, 'STORE_FORBIDDEN') && error.details.reason !== undefined;
}

/** Runs all operations of a copy with two small objects and reports the missing right. */
export class S3DiagnosticCheck implements DiagnosticCheck {
  private readonly bucket: Bucket;
  private readonly keys: ObjectKeys;
  private readonly digests: Digests;
  private readonly parameters: ObjectParameters;
  private readonly clock: Clock;
  /** Milliseconds by which the store's clock is behind ours, from its last answer. */
  private skew: number | undefined;

  constructor({ settings, clock, client = createClient(settings) }: S3DiagnosticCheckOptions) {
    this.bucket = new Bucket(client, settings.bucket);
    this.keys = new ObjectKeys(settings.prefix);
    this.digests = digestsFor(settings);
    this.parameters = objectParameters(settings);
    this.clock = clock;
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const { headers } = result.response as { headers?: Record<string, string> };
        const date = Date.parse(headers?.['date'] ?? '');
        if (!Number.isNaN(date)) this.skew = clock.now().getTime() - date;
        return result;
      },
      { step: 'deserialize', priority: 'low', name: 'geolensBackupClock' },
    );
  }

  async inspect({ signal }: { readonly signal: AbortSignal }): Promise<readonly DiagnosticResult[]> {
    const results: DiagnosticResult[] = [];
    const hasFailed = (subject?: string): boolean =>
      results.some((one) => one.level === 'fail' && (subject === undefined || one.subject === subject));
    for (const step of this.steps(signal)) {
      throwIfAborted(signal);
      if (step.needs !== undefined && hasFailed(step.needs)) {
        results.push(notChecked(step.subject, step.needs));
        continue;
      }
      try {
        await step.try();
        results.push({ subject: step.subject, level: 'ok', message: step.works });
      } catch (error) {
        throwIfAborted(signal);
        const failed = failedCheck(step.subject, error, step.level);
        results.push(
          step.means === undefined ? failed : { ...failed, message: `${failed.message}; ${step.means}` },
        );
        if (step.subject === NEEDED || failsAll(error)) break;
      }
    }
    if (this.skew !== undefined) results.push(this.checkClock(this.skew, hasFailed()));
    return results;
  }

  private steps(signal: AbortSignal): readonly Step[] {
    const { bucket, parameters } = this;
    const Bucket = bucket.name;
    const prefix = this.keys.tierPrefix('daily');
    const [key, copy] = [prefix + PROBE, prefix + COPY];
    const place = placeOf({ bucket: Bucket, key: prefix });
    return [
      {
        subject: 's3 list',
        works: `${place} can be listed`,
        try: () => listPage(bucket, { Bucket, Prefix: prefix, MaxKeys: 1 }, signal),
      },
      {
        subject: NEEDED,
        works: 'an object can be stored',
        try: () => {
          const input = { Bucket, Key: key, ...this.body(), ...parameters };
          return bucket.send('PutObject', new PutObjectCommand(input), signal);
        },
      },
      { subject: READING, works: 'it reads back as it was', try: () => this.compare(key, signal) },
      {
        subject: 's3 multipart',
        needs: READING,
        works: 'an object can be stored in parts',
        try: () => this.inParts(key, signal),
      },
      {
        subject: 's3 abort',
        works: 'an upload in parts can be aborted',
        try: () => this.aborted(key, signal),
        level: 'warn',
        means: 'parts of uploads that break off stay, and cost',
      },
      {
        subject: 's3 uploads',
        works: 'open uploads can be listed',
        level: 'warn',
        means: 'parts that a killed run leaves are not found, and cost',
        try: () => {
          const command = new ListMultipartUploadsCommand({ Bucket, MaxUploads: 1 });
          return bucket.send('ListMultipartUploads', command, signal);
        },
      },
      {
        subject: 's3 copy',
        needs: READING,
        works: 'an object can be copied on the server',
        level: 'warn',
        means: 'weekly sets are sent a second time',
        try: () => {
          const input = { Bucket, Key: copy, CopySource: copySource(bucket, key), ...parameters };
          return bucket.send('CopyObject', new CopyObjectCommand(input), signal);
        },
      },
      {
        subject: 's3 delete',
        works: 'an object can be removed',
        level: 'warn',
        means: `a copy that proves bad stays, and so do two small objects of this look (${place}${PROBE}…)`,
        try: async () => {
          await bucket.remove(copy, signal);
          await bucket.remove(key, signal);
        },
      },
    ];
  }

  /** Returns the content of an object or of its only part, for a request. */
  private body(): Pick<PutObjectCommandInput, 'Body' | 'ContentLength' | 'ContentMD5' | 'ChecksumSHA256'> {
    return { Body: CONTENT, ContentLength: CONTENT.length, ...this.digests.forBody(this.digest()) };
  }

  private digest(): Buffer {
    return createHash(this.digests.algorithm).update(CONTENT).digest();
  }

  private async compare(key: string, signal: AbortSignal): Promise<void> {
    const found = await sha256Of(readObject(this.bucket, key, undefined, signal));
    if (found === createHash('sha256').update(CONTENT).digest('hex')) return;
    throw new BackupError(
      'ARTIFACT_MISMATCH',
      `${placeOf({ bucket: this.bucket.name, key })} reads back with other bytes than were sent`,
      withReason('bytes-changed'),
    );
  }

  private async inParts(key: string, signal: AbortSignal): Promise<void> {
    const { bucket, digests, parameters } = this;
    const upload = await MultipartUpload.begin(bucket, key, { ...parameters, ...digests.forUpload }, signal);
    await upload.orAbort(async () => {
      const command = new UploadPartCommand({ ...upload.position(0), ...this.body() });
      const { ETag } = await bucket.send('UploadPart', command, signal);
      await upload.complete([{ PartNumber: 1, ETag, ...digests.forPart(this.digest()) }]);
    });
    await this.compare(key, signal);
  }

  private async aborted(key: string, signal: AbortSignal): Promise<void> {
    const upload = await MultipartUpload.begin(this.bucket, key, this.parameters, signal);
    const left = await upload.abort();
    if (left !== undefined) throw left;
  }

  /** @param isReported whether a failed step has reported the fault already */
  private checkClock(skew: number, isReported: boolean): DiagnosticResult {
    const seconds = Math.round(Math.abs(skew) / 1000);
    const message =
      seconds <= 1
        ? 'this machine’s and the store’s agree'
        : `this machine’s is ${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} the store’s`;
    if (Math.abs(skew) < ODD_MS) return { subject: 's3 clock', level: 'ok', message };
    return {
      subject: 's3 clock',
      level: Math.abs(skew) < REFUSED_MS || isReported ? 'warn' : 'fail',
      message: `${message}, and stores refuse what is a quarter of an hour off`,
      hint: 'Set the clock of this machine, by NTP for good',
    };
  }
}
