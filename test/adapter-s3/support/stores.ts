import { createHash, randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { S3Store, type S3Settings } from '@geolens/backup-adapter-s3';
import { Secret, type ArtifactSource } from '@geolens/backup-core';
import { sourceOf } from '@geolens/backup-core/testing';
import type { TestBucket } from '../../support/buckets.ts';

const MIB = 1024 * 1024;

/** Sizes that let an object of some MiB be sent and copied in parts; S3 wants 5 MiB for each but the last. */
export const SMALL = { partBytes: 5 * MIB, singleCopyBytes: 6 * MIB, copyPartBytes: 5 * MIB };

/** The settings of a test's bucket. */
export function settingsOf({
  name,
  endpoint,
  accessKeyId,
  secretAccessKey,
}: Pick<TestBucket, 'name' | 'endpoint' | 'accessKeyId' | 'secretAccessKey'>): S3Settings {
  const credentials = { accessKeyId: new Secret(accessKeyId), secretAccessKey: new Secret(secretAccessKey) };
  return { bucket: name, endpoint, prefix: 'backups', credentials };
}

/** A store in a test's bucket, reached by way of another endpoint (a proxy) when one is named. */
export function s3StoreOn(bucket: TestBucket, change: Partial<S3Settings> = {}): S3Store {
  const store = new S3Store({
    settings: { ...settingsOf(bucket), ...change },
    database: 'geolens',
    limits: SMALL,
  });
  onTestFinished(() => {
    store.close();
  });
  return store;
}

/** Bytes that nobody has seen before, as a source. */
export function randomSource(bytes: number): ArtifactSource & { readonly content: Buffer } {
  const content = randomBytes(bytes);
  return { ...sourceOf(content), content };
}

export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
