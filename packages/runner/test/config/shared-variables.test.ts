import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import type { Environment } from '../../src/config/read-environment.ts';

const S3: Environment = {
  BACKUP_S3_ENABLED: 'true',
  S3_ENDPOINT: 'http://minio:9000',
  S3_BUCKET: 'geolens',
  S3_ACCESS_KEY_ID: 'id',
  S3_SECRET_ACCESS_KEY: 'secret',
};

/**
 * Variables that GeoLens and the backup both read from one `.env`, with spellings that GeoLens, or Compose,
 * accepts.
 */
const SHARED: readonly (readonly [name: string, spellings: readonly string[], besides?: Environment])[] = [
  [
    'LOG_LEVEL',
    [
      'debug',
      'INFO',
      'Info',
      'WARN',
      'WARNING',
      'Warning',
      'ERROR',
      'CRITICAL',
      'FATAL',
      'NOTSET',
      'trace',
      ' INFO ',
      '20',
      'verbose',
    ],
  ],
  ['LOG_FORMAT', ['text', 'json', 'JSON', 'console', 'logfmt']],
  ['BACKUP_S3_ENABLED', ['false', 'False', 'FALSE', '0', 'no', 'off', 'f', 'n', 'N']],
  ['BACKUP_S3_ENABLED', ['true', 'True', 'TRUE', '1', 'yes', 'on', 't', 'Y'], S3],
  ['BACKUP_SCHEDULE', ['0 2 * * *', '@daily', ' 0 2 * * * ']],
  ['BACKUP_RETENTION_DAILY', ['7', ' 7']],
  ['BACKUP_RETENTION_WEEKLY', ['4', '4 ']],
  ['POSTGRES_HOST', ['db', 'db.example.com', '10.0.0.1', '::1', '/var/run/postgresql']],
  ['POSTGRES_PORT', ['5432', ' 5432 ']],
  ['POSTGRES_USER', ['geolens', 'odd name']],
  ['POSTGRES_PASSWORD', ['p@ss w%rd$', "'quoted'"]],
  ['POSTGRES_DB', ['geolens', 'a b']],
  [
    'DATABASE_URL',
    [
      'postgresql+asyncpg://u:p@db:5432/geolens',
      'postgres://u@db/geolens',
      'postgresql+psycopg://u:p@db/geolens?sslmode=require',
    ],
  ],
  ['S3_ENDPOINT', ['http://minio:9000', 'https://s3.example.com/', 'HTTPS://S3.EXAMPLE.COM'], S3],
  ['S3_REGION', ['us-east-1', 'auto', 'eu-central-003'], S3],
  ['S3_BUCKET', ['geolens', 'my.bucket'], S3],
];

describe.each(SHARED.map(([name, spellings, besides = {}]) => ({ name, spellings, besides })))(
  '$name, which GeoLens reads too,',
  ({ name, spellings, besides }) => {
    it.each(spellings)('takes "%s"', (value) => {
      expect(() => readConfig({ ...besides, [name]: value })).not.toThrow();
    });
  },
);

it('means by a level of Python what is nearest', () => {
  const levels = ['NOTSET', 'DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'].map(
    (LOG_LEVEL) => readConfig({ LOG_LEVEL }).logLevel,
  );
  expect(levels).toEqual(['debug', 'debug', 'info', 'warn', 'error', 'error']);
  expect(readConfig({ LOG_LEVEL: 'WARNING' }).warnings).toEqual([]);
});

it('uses the default of a variable for the log whose value is unknown, with a warning: backups are made all the same', () => {
  const { logLevel, logFormat, warnings, effective } = readConfig({ LOG_LEVEL: 'loud', LOG_FORMAT: 'xml' });
  expect([logLevel, logFormat]).toEqual(['info', 'text']);
  expect(warnings).toEqual([
    'LOG_FORMAT="xml" has to be one of text, json; text is used',
    'LOG_LEVEL="loud" has to be one of debug, info, warn, error; info is used',
  ]);
  expect(effective).toContainEqual({ name: 'LOG_LEVEL', value: 'info', origin: 'default' });
});
