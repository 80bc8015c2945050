import type { Secret } from '@geolens/backup-core';

/** Position of the bucket: before the host (`virtual`) or in the path. `auto` decides by the endpoint. */
export type AddressingStyle = 'auto' | 'path' | 'virtual';

/**
 * Checksum that a request carries, so that the store refuses bytes changed in transit. `sha256` is S3's newer
 * checksum header, which Amazon expects and Object Lock requires. `md5` is Content-MD5, which all other
 * stores support. `auto` is sha256 for Amazon and md5 for other stores.
 */
export type ChecksumMode = 'auto' | 'sha256' | 'md5';

/** Access key of the store. */
export interface S3Credentials {
  readonly accessKeyId: Secret;
  readonly secretAccessKey: Secret;
  readonly sessionToken?: Secret | undefined;
}

/** Settings for reaching one bucket and storing objects in it. */
export interface S3Settings {
  /** `https://s3.example.com`, with http or https. Defaults to Amazon's endpoint. */
  readonly endpoint?: string | undefined;
  readonly bucket: string;
  /** Defaults to `us-east-1`. */
  readonly region?: string | undefined;
  /** Start of all object keys, without slashes at its ends; none by default. Belongs to one installation. */
  readonly prefix?: string | undefined;
  /** Defaults to the AWS SDK's credential chain: environment, shared files, container and instance roles. */
  readonly credentials?: S3Credentials | undefined;
  /** Defaults to `auto`. */
  readonly addressing?: AddressingStyle | undefined;
  /** Defaults to `auto`. */
  readonly checksum?: ChecksumMode | undefined;
  /** The provider's name of the class, for example `STANDARD_IA` or `GLACIER_IR`. */
  readonly storageClass?: string | undefined;
  /** `AES256` or `aws:kms`. */
  readonly encryption?: string | undefined;
  /** Key for `aws:kms`. Defaults to the bucket’s key. */
  readonly kmsKeyId?: string | undefined;
  /** Maximum number of parts of an upload. Defaults to 10,000 (Amazon); some providers allow 1,000. */
  readonly maxParts?: number | undefined;
  /** Seconds without a byte before a request fails. Defaults to 60. */
  readonly timeout?: number | undefined;
  /**
   * `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, also in lower case. Defaults to no proxy. Requires Node 24.5
   * or later.
   */
  readonly proxy?: Readonly<Record<string, string>> | undefined;
  /** Total number of attempts for requests that can be retried. Defaults to 5. */
  readonly attempts?: number | undefined;
}
