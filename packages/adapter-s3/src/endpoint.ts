import { isIP } from 'node:net';
import type { AddressingStyle, S3Settings } from './settings.ts';

/** Target of requests. */
export interface Address {
  /** `undefined` for Amazon: its endpoint follows from the region. */
  readonly endpoint: string | undefined;
  readonly pathStyle: boolean;
}

const AMAZON = /(?:^|\.)amazonaws\.com(?:\.cn)?$/;

/** Providers that refuse buckets in the path. */
const VIRTUAL_ONLY = /(?:^|\.)(?:aliyuncs\.com|myqcloud\.com|volces\.com)$/;

/** Returns whether the endpoint is Amazon's. */
export function isAmazon(endpoint: string | undefined): boolean {
  return endpoint === undefined || AMAZON.test(new URL(endpoint).hostname);
}

/**
 * Returns the endpoint and the addressing style. `auto` uses the virtual style if the provider supports no
 * other. It also does if the endpoint starts with the bucket, as control panels show it. Otherwise `auto`
 * uses the path style, which needs no DNS name and no certificate for each bucket.
 */
export function addressOf({
  endpoint,
  bucket,
  addressing = 'auto',
}: Pick<S3Settings, 'endpoint' | 'bucket' | 'addressing'>): Address {
  if (endpoint === undefined) return { endpoint, pathStyle: addressing === 'path' || !fitsHostName(bucket) };
  const url = new URL(endpoint);
  // The rest must be a store's host name: the bucket `backups` at backups.example.com is not part of it.
  const own =
    url.hostname.startsWith(`${bucket}.`) &&
    url.hostname.slice(bucket.length + 1).split('.').length >= 3 &&
    isIP(url.hostname) === 0;
  if (own && addressing !== 'path') {
    url.hostname = url.hostname.slice(bucket.length + 1);
    return { endpoint: textOf(url), pathStyle: false };
  }
  return { endpoint: textOf(url), pathStyle: isPathStyle(url.hostname, bucket, addressing) };
}

function isPathStyle(host: string, bucket: string, addressing: AddressingStyle): boolean {
  if (addressing !== 'auto') return addressing === 'path';
  if (isIP(host) !== 0 || !fitsHostName(bucket)) return true;
  return !AMAZON.test(host) && !VIRTUAL_ONLY.test(host);
}

/** Returns whether a bucket fits a host name. Buckets with a dot would need their own certificate. */
function fitsHostName(bucket: string): boolean {
  return /^[a-z0-9][a-z0-9-]*$/.test(bucket);
}

function textOf(url: URL): string {
  return url.toString().replace(/\/$/, '');
}
