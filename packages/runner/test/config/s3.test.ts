import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { refusal } from '../support/problems.ts';

const ON = { BACKUP_S3_ENABLED: 'true', S3_BUCKET: 'sets' };
const KEYS = { S3_ACCESS_KEY_ID: 'AKIDEXAMPLE', S3_SECRET_ACCESS_KEY: 'hush-hush' };

describe('copies on S3', () => {
  it('are not made unless they are asked for, and then nobody minds what S3_… says', () => {
    const { s3 } = readConfig({
      S3_ENDPOINT: 'minio:9000',
      S3_ADDRESSING_STYLE: 'weird',
      S3_MAX_PARTS: 'x',
      S3_KMS_KEY_ID: 'k',
      S3_ACCESS_KEY_ID: 'half',
    });
    expect(s3).toBeUndefined();
  });

  it('have the contract’s defaults, and the credentials of the machine', () => {
    expect(readConfig(ON).s3).toMatchObject({
      bucket: 'sets',
      endpoint: undefined,
      region: 'us-east-1',
      prefix: 'backups',
      credentials: undefined,
      addressing: 'auto',
      checksum: 'auto',
      maxParts: 10_000,
      timeout: 60,
    });
  });

  it('take every setting, an empty one being none, as Compose passes them', () => {
    const { s3 } = readConfig({
      ...ON,
      ...KEYS,
      S3_SESSION_TOKEN: 'lent',
      S3_ENDPOINT: 'http://minio:9000',
      S3_REGION: '',
      S3_PREFIX: 'hosts/one',
      S3_ADDRESSING_STYLE: 'path',
      S3_STORAGE_CLASS: 'STANDARD_IA',
      S3_SERVER_SIDE_ENCRYPTION: 'aws:kms',
      S3_KMS_KEY_ID: 'alias/sets',
      S3_CHECKSUM: 'md5',
      S3_MAX_PARTS: '1000',
      S3_TIMEOUT_SECONDS: '5',
    });
    expect(s3).toMatchObject({
      endpoint: 'http://minio:9000',
      region: 'us-east-1',
      prefix: 'hosts/one',
      addressing: 'path',
      storageClass: 'STANDARD_IA',
      encryption: 'aws:kms',
      kmsKeyId: 'alias/sets',
      checksum: 'md5',
      maxParts: 1000,
      timeout: 5,
    });
    expect(
      [s3?.credentials?.accessKeyId, s3?.credentials?.secretAccessKey, s3?.credentials?.sessionToken].map(
        (secret) => secret?.reveal(),
      ),
    ).toEqual(['AKIDEXAMPLE', 'hush-hush', 'lent']);
  });

  it.each([
    ['without a bucket', { S3_BUCKET: '' }, 'S3_BUCKET is not set'],
    ['with a path for a bucket', { S3_BUCKET: 'sets/one' }, 'S3_PREFIX'],
    ['with half a key pair', { S3_ACCESS_KEY_ID: 'AKIDEXAMPLE' }, 'S3_SECRET_ACCESS_KEY is not set'],
    ['with the other half', { S3_SECRET_ACCESS_KEY: 'hush-hush' }, 'S3_ACCESS_KEY_ID is not set'],
    ['with a token and no keys', { S3_SESSION_TOKEN: 'lent-token' }, 'S3_SESSION_TOKEN is set without'],
    ['with an endpoint that is no URL', { S3_ENDPOINT: 'minio:9000' }, 'S3_ENDPOINT has to be a URL'],
    ['with an endpoint of another kind', { S3_ENDPOINT: 's3://sets' }, 'S3_ENDPOINT has to be a URL'],
    [
      'with keys in the endpoint',
      { S3_ENDPOINT: 'https://AKIDEXAMPLE:hush-hush@s3.example.com' },
      'S3_ENDPOINT must not hold keys',
    ],
    [
      'with a query in the endpoint',
      { S3_ENDPOINT: 'https://s3.example.com/?x=1' },
      'S3_ENDPOINT has to be a URL',
    ],
    [
      'with a KMS key and no KMS',
      { S3_KMS_KEY_ID: 'alias/sets' },
      'S3_SERVER_SIDE_ENCRYPTION is not aws:kms',
    ],
    [
      'with an unknown style',
      { S3_ADDRESSING_STYLE: 'weird' },
      'S3_ADDRESSING_STYLE="weird" has to be one of auto, path, virtual',
    ],
    ['with no part at all', { S3_MAX_PARTS: '0' }, 'S3_MAX_PARTS="0" has to be a whole number'],
  ])('are refused %s, at the start and not in the night', (_, env, problem) => {
    const text = refusal({ ...ON, ...env });
    expect(text).toContain(problem);
    expect(text).not.toMatch(/hush-hush|lent-token|AKIDEXAMPLE/);
  });

  it('keep their keys secret, the access key too', () => {
    const { effective, secrets } = readConfig({ ...ON, ...KEYS });
    expect(effective).toContainEqual({
      name: 'S3_ACCESS_KEY_ID',
      value: '[redacted]',
      origin: 'environment',
    });
    expect(secrets.map((secret) => secret.reveal())).toEqual(expect.arrayContaining(Object.values(KEYS)));
  });

  it('warn of variables that other tools call otherwise', () => {
    const { warnings } = readConfig({ ...ON, S3_ENDPOINT_URL: 'x', S3_BUCKETT: 'y' });
    expect(warnings.join()).toMatch(/did you mean S3_ENDPOINT\?.*did you mean S3_BUCKET\?/);
  });
});
