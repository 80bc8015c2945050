import { describe, expect, it } from 'vitest';
import { s3Error } from '../src/s3-errors.ts';
import { failureOf } from './support/fake-s3.ts';

const call = { bucket: 'sets', operation: 'PutObject', key: 'backups/daily/x.dump' };
const system = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });

describe('what a store or the network answers', () => {
  it.each([
    [failureOf('NoSuchBucket', 404), 'STORE_UNAVAILABLE', 'bucket-missing'],
    [failureOf('InvalidAccessKeyId', 403), 'STORE_FORBIDDEN', 'credentials-wrong'],
    [failureOf('SignatureDoesNotMatch', 403), 'STORE_FORBIDDEN', 'credentials-wrong'],
    [failureOf('AccessDenied', 403), 'STORE_FORBIDDEN', 's3:PutObject'],
    [failureOf('RequestTimeTooSkewed', 403), 'STORE_UNAVAILABLE', 'clock'],
    [failureOf('AuthorizationHeaderMalformed', 400), 'STORE_UNAVAILABLE', 'region-wrong'],
    [failureOf('InvalidObjectState', 403), 'STORE_FAILED', 'cold storage'],
    [failureOf('QuotaExceeded', 403), 'STORE_FULL', 'quota'],
    [failureOf('SlowDown', 503), 'STORE_FAILED', 'next run'],
    [failureOf('WhateverThatIs', 500), 'STORE_FAILED', 'next run'],
    [failureOf('NoSuchKey', 404), 'ARTIFACT_NOT_FOUND', ''],
    [failureOf('Unknown', 403), 'STORE_FORBIDDEN', 's3:PutObject'],
    [system('ECONNREFUSED'), 'STORE_UNAVAILABLE', 'endpoint-unreachable'],
    [system('ENOTFOUND'), 'STORE_UNAVAILABLE', 'no such host'],
    [system('SELF_SIGNED_CERT_IN_CHAIN'), 'STORE_UNAVAILABLE', 'NODE_EXTRA_CA_CERTS'],
    [system('CERT_HAS_EXPIRED'), 'STORE_UNAVAILABLE', 'certificate'],
    [Object.assign(new Error('silent'), { name: 'TimeoutError' }), 'STORE_UNAVAILABLE', 'endpoint-silent'],
    [
      Object.assign(new Error('no keys'), { name: 'CredentialsProviderError' }),
      'STORE_FORBIDDEN',
      'credentials-missing',
    ],
    [new Error('of nobody’s making'), 'STORE_FAILED', ''],
  ] as const)('%s becomes %s, with its reason and what to do about it', (error, code, words) => {
    const translated = s3Error(error, call);
    expect(translated.code).toBe(code);
    expect(`${translated.details.reason ?? ''}: ${translated.hint ?? ''}`).toContain(words);
    expect(translated.message).toContain('s3://sets/backups/daily/x.dump: PutObject failed');
    expect(translated.cause).toBe(error);
  });

  it('names no error of the parser where an answer cannot be parsed', () => {
    const error = Object.assign(
      new RangeError('Maximum call stack size exceeded\n  Deserialization error: to see the raw response …'),
      { $metadata: { httpStatusCode: 503 } },
    );
    expect(s3Error(error, call).message).toMatch(
      /PutObject failed \(HTTP 503\): the answer is not that of an S3 store$/,
    );
  });

  it('names the provider’s code and the status', () => {
    expect(s3Error(failureOf('AccessDenied', 403, 'Access Denied'), call).message).toContain(
      '(AccessDenied, HTTP 403): Access Denied',
    );
  });
});
