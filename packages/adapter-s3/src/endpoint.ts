import { isIP } from 'node:net';
import type { AddressingStyle, S3Settings } from './settings.ts';

/** Where requests go. */
export interface Address {
  /** Undefined for Amazon, whose endpoint follows from the region. */
  readonly endpoint: string | undefined;
  readonly pathStyle: boolean;
}

const AMAZON = /(?:^|\.)amazonaws\.com(?:\.cn)?$/;

/** These refuse buckets in the path. */
const VIRTUAL_ONLY = /(?:^|\.)(?:aliyuncs\.com|myqcloud\.com|volces\.com)$/;

/** Whether the endpoint is Amazon's. */
export function isAmazon(endpoint: string | undefined): boolean {
  return endpoint === undefined || AMAZON.test(new URL(endpoint).hostname);
}

/**
 * The endpoint and the style of addressing. `auto` takes the virtual style where the provider has nothing
 * else, or where the endpoint already begins with the bucket (as control panels show it), and the path style
 * elsewhere: it needs no name service and no certificate for every bucket.
 */
export function addressOf({
  endpoint,
  bucket,
  addressing = 'auto',
}: Pick<S3Settings, 'endpoint' | 'bucket' | 'addressing'>): Address {
  if (endpoint === undefined) return { endpoint, pathStyle: addressing === 'path' || !fitsHostName(bucket) };
  const url = new URL(endpoint);
  // What is left has to look like the name of a store still: the bucket `backups` at backups.example.com is
  // no part of that name.
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

/** A dot in the bucket would need a certificate of its own; capitals and underscores fit no host name. */
function fitsHostName(bucket: string): boolean {
  return /^[a-z0-9][a-z0-9-]*$/.test(bucket);
}

function textOf(url: URL): string {
  return url.toString().replace(/\/$/, '');
}
