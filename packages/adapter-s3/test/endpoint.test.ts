import { describe, expect, it } from 'vitest';
import { addressOf, isAmazon } from '../src/endpoint.ts';

describe('the address of a bucket, style auto', () => {
  it.each([
    ['Amazon, the bucket before the host', undefined, 'sets', { endpoint: undefined, pathStyle: false }],
    [
      'Amazon, a bucket with a dot, which its certificate does not cover',
      undefined,
      'my.sets',
      { endpoint: undefined, pathStyle: true },
    ],
    [
      'Amazon by its own endpoint',
      'https://s3.eu-central-1.amazonaws.com',
      'sets',
      { endpoint: 'https://s3.eu-central-1.amazonaws.com', pathStyle: false },
    ],
    [
      'a name in a Compose network',
      'http://minio:9000',
      'sets',
      { endpoint: 'http://minio:9000', pathStyle: true },
    ],
    ['an address', 'http://127.0.0.1:9000/', 'sets', { endpoint: 'http://127.0.0.1:9000', pathStyle: true }],
    [
      'an address of version 6',
      'http://[::1]:9000',
      'sets',
      { endpoint: 'http://[::1]:9000', pathStyle: true },
    ],
    [
      'another provider',
      'https://fra1.digitaloceanspaces.com',
      'sets',
      { endpoint: 'https://fra1.digitaloceanspaces.com', pathStyle: true },
    ],
    [
      'a provider that knows no buckets in the path',
      'https://oss-eu-central-1.aliyuncs.com',
      'sets',
      { endpoint: 'https://oss-eu-central-1.aliyuncs.com', pathStyle: false },
    ],
    [
      'an endpoint with the bucket in it, as control panels show it',
      'https://sets.fra1.digitaloceanspaces.com',
      'sets',
      { endpoint: 'https://fra1.digitaloceanspaces.com', pathStyle: false },
    ],
    [
      'a host that happens to be called like the bucket',
      'https://sets.example.com',
      'sets',
      { endpoint: 'https://sets.example.com', pathStyle: true },
    ],
    [
      'an endpoint with a path',
      'https://x.example.com/storage/v1/s3',
      'sets',
      { endpoint: 'https://x.example.com/storage/v1/s3', pathStyle: true },
    ],
  ] as const)('of %s', (_, endpoint, bucket, address) => {
    expect(addressOf({ endpoint, bucket })).toEqual(address);
  });

  it('is overruled by a style that is named', () => {
    expect(
      addressOf({ endpoint: 'http://minio:9000', bucket: 'sets', addressing: 'virtual' }).pathStyle,
    ).toBe(false);
    expect(addressOf({ endpoint: undefined, bucket: 'sets', addressing: 'path' }).pathStyle).toBe(true);
    expect(addressOf({ endpoint: 'https://sets.example.com', bucket: 'sets', addressing: 'path' })).toEqual({
      endpoint: 'https://sets.example.com',
      pathStyle: true,
    });
  });

  it('is Amazon’s by its host, not by what the host begins with', () => {
    expect(
      [
        undefined,
        'https://s3.cn-north-1.amazonaws.com.cn',
        'https://amazonaws.com.evil.example',
        'https://notamazonaws.com',
      ].map(isAmazon),
    ).toEqual([true, true, false, false]);
  });
});
