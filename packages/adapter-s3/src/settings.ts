import type { Secret } from '@geolens/backup-core';

/**
 * How the bucket stands in the URL: before the host (`virtual`) or in the path. `auto` tells by the endpoint.
 */
export type AddressingStyle = 'auto' | 'path' | 'virtual';

/**
 * How the store is told what it should have received, so that it refuses what was changed on its way:
 * `sha256` is S3's newer checksum header, which Amazon wants (and Object Lock demands), `md5` is Content-MD5,
 * which every other store knows. `auto`: sha256 on Amazon, md5 elsewhere.
 */
export type ChecksumMode = 'auto' | 'sha256' | 'md5';

/** A key of the store. */
export interface S3Credentials {
  readonly accessKeyId: Secret;
  readonly secretAccessKey: Secret;
  readonly sessionToken?: Secret | undefined;
}

/** How to reach one bucket, and how to store objects in it. */
export interface S3Settings {
  /** `https://s3.example.com`, with http or https; Amazon's when absent. */
  readonly endpoint?: string | undefined;
  readonly bucket: string;
  /** `us-east-1` when absent. */
  readonly region?: string | undefined;
  /**
   * What all keys begin with, without slashes at its ends; none when absent or empty. It belongs to one
   * installation alone.
   */
  readonly prefix?: string | undefined;
  /** Absent: the default chain of the AWS SDK (environment, shared files, container and instance roles). */
  readonly credentials?: S3Credentials | undefined;
  /** `auto` when absent. */
  readonly addressing?: AddressingStyle | undefined;
  /** `auto` when absent. */
  readonly checksum?: ChecksumMode | undefined;
  /** As the provider calls it: `STANDARD_IA`, `GLACIER_IR`. */
  readonly storageClass?: string | undefined;
  /** `AES256` or `aws:kms`. */
  readonly encryption?: string | undefined;
  /** With `aws:kms`: the key; the bucket’s own when absent. */
  readonly kmsKeyId?: string | undefined;
  /** Parts that an upload may have: 10,000 at Amazon and when absent, 1,000 at some providers. */
  readonly maxParts?: number | undefined;
  /** Seconds without a byte after which a request is given up; 60 when absent. */
  readonly timeout?: number | undefined;
  /**
   * `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` (also lower case) as other programs take them; no proxy when
   * absent. Takes Node 24.5 or newer.
   */
  readonly proxy?: Readonly<Record<string, string>> | undefined;
  /** Attempts in all for what may be tried again; 5 when absent. */
  readonly attempts?: number | undefined;
}
