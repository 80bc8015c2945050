import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { VARIABLE_NAMES } from '../../src/config/variables.ts';
import { effective, refusal } from '../support/problems.ts';

describe('the configuration of an empty environment', () => {
  it('is the contract’s table of defaults', () => {
    expect(readConfig({})).toMatchObject({
      schedule: { expression: '0 2 * * *', zone: 'UTC' },
      retention: { daily: 7, weekly: 4 },
      connection: { host: 'db', port: 5432, user: 'geolens', database: 'geolens' },
      s3: undefined,
      rolePasswords: false,
      backupDir: '/backups',
      stagingDir: '/staging',
      compression: 'auto',
      catchUp: true,
      onStart: 'empty',
      verify: 'readable',
      sizeAnomalyThreshold: 0.5,
      pgBinDir: undefined,
      logFormat: 'text',
      logLevel: 'info',
      warnings: [],
    });
    expect(readConfig({}).connection.password).toBeUndefined();
  });

  it('is that of variables which are all empty, as Compose passes them', () => {
    const empty = Object.fromEntries(
      VARIABLE_NAMES.flatMap((name) => [
        [name, ''],
        [`${name}_FILE`, ' '],
      ]),
    );
    expect(readConfig(empty).effective).toEqual(readConfig({}).effective);
  });
});

describe.each([
  [
    'BACKUP_SCHEDULE',
    ['30 2 * * 1-5', '@hourly', ' 5 2 * * * '],
    ['', '* * *', '0 0 2 * * *', '61 2 * * *', 'daily', '@fortnightly', '0 0 30 2 *'],
  ],
  [
    'BACKUP_RESTORE_TEST_SCHEDULE',
    ['30 4 * * 6', '@weekly', 'off', 'OFF'],
    ['', '* * *', 'never', '0 0 30 2 *'],
  ],
  [
    'BACKUP_REPLICA_CHECK_SCHEDULE',
    ['30 4 * * 6', '@weekly', 'off', 'OFF'],
    ['', '* * *', 'never', '0 0 30 2 *'],
  ],
  ['BACKUP_TIMEZONE', ['Europe/Berlin', 'UTC'], ['Mars/Olympus', '+25']],
  [
    'BACKUP_RETENTION_DAILY',
    ['1', '365', ' 7 '],
    ['0', '-1', '1.5', 'seven', '1e2', '0x10', '99999999999999999999'],
  ],
  ['BACKUP_RETENTION_WEEKLY', ['1', '52'], ['0', '-1', '1.5', 'four', 'NaN']],
  ['BACKUP_S3_ENABLED', ['false', 'no', '0'], ['maybe']],
  ['POSTGRES_PORT', ['1', '65535'], ['0', '65536', 'http', '-5432']],
  [
    'BACKUP_COMPRESSION',
    ['auto', 'none', 'lz4', 'gzip', 'gzip:9', 'zstd', 'zstd:22', 'lz4:12'],
    ['bzip2', 'gzip:0', 'gzip:10', 'zstd:23', 'zstd:', 'none:1', 'auto:1', 'lz4:13', 'GZIP', 'zstd:-1'],
  ],
  ['BACKUP_CATCH_UP', ['true', 'false', 'TRUE', 'yes', 'off'], ['si', '2']],
  ['BACKUP_ON_START', ['empty', 'always', 'never'], ['Empty', 'true', 'once']],
  ['BACKUP_VERIFY', ['checksum', 'readable', 'restore'], ['none', 'restored']],
  [
    'BACKUP_SHRINK_THRESHOLD',
    ['0', '1', '0.5', '.25', '1.0', 'off', 'OFF', ' 0.5 '],
    ['1.01', '-0.5', '0,5', '50%', '50', '1e-1', 'none', '.', 'NaN'],
  ],
  [
    'BACKUP_STALL_TIMEOUT',
    ['90s', '15m', '2h', 'off', 'OFF', ' 15m '],
    ['15', '0s', '1.5h', '-1m', '15 m', '1d', 'never', 'm'],
  ],
  ['BACKUP_ROLE_PASSWORDS', ['true', 'no'], ['perhaps']],
])('%s', (name, good, bad) => {
  it.each(good)('takes "%s"', (value) => {
    expect(refusal({ [name]: value })).toBe('');
  });

  it.each(bad.filter((value) => value !== ''))(
    'refuses "%s", and says which variable, which value and what it has to be',
    (value) => {
      const text = refusal({ [name]: value });
      expect(text).toMatch(/^the configuration has 1 problem:\n {2}- /);
      expect(text).toContain(name);
      expect(text).toContain(`"${value}"`);
      expect(text).toMatch(/has to be|has a level|Give|set it to/);
    },
  );
});

it('reads times in seconds, minutes and hours, and off as no limit', () => {
  const limits = ['90s', '15m', '2h', 'off'].map(
    (text) => readConfig({ BACKUP_STALL_TIMEOUT: text }).stallTimeout,
  );
  expect(limits).toEqual([90_000, 900_000, 7_200_000, undefined]);
});

it('turns a method of compression without a level into its fastest level', () => {
  expect(readConfig({ BACKUP_COMPRESSION: 'gzip' }).compression).toBe('gzip:1');
  expect(readConfig({ BACKUP_COMPRESSION: 'zstd' }).compression).toBe('zstd:1');
  expect(readConfig({ BACKUP_COMPRESSION: 'lz4' }).compression).toBe('lz4');
});

it('tells all problems in one error, each with its variable', () => {
  const text = refusal({
    BACKUP_SCHEDULE: 'at night',
    BACKUP_TIMEZONE: 'Mars/Olympus',
    BACKUP_RETENTION_DAILY: '0',
    BACKUP_RETENTION_WEEKLY: 'seven',
    BACKUP_S3_ENABLED: 'true',
    S3_ENDPOINT: 'minio:9000',
    S3_SECRET_ACCESS_KEY: 'hush-hush',
    BACKUP_COMPRESSION: 'best',
    DATABASE_URL: 'mysql://root@h/db',
    BACKUP_DIR_FILE: '/nowhere/at/all',
  });
  expect(text).toContain('the configuration has 10 problems:');
  const named = text
    .split('\n')
    .slice(1)
    .map((line) => /^ {2}- (\w+)/.exec(line)?.[1]);
  expect([...named].sort()).toEqual([
    'BACKUP_COMPRESSION',
    'BACKUP_DIR_FILE',
    'BACKUP_RETENTION_DAILY',
    'BACKUP_RETENTION_WEEKLY',
    'BACKUP_SCHEDULE',
    'BACKUP_TIMEZONE',
    'DATABASE_URL',
    'S3_ACCESS_KEY_ID',
    'S3_BUCKET',
    'S3_ENDPOINT',
  ]);
});

it('shows where each value comes from, and no secret', () => {
  const config = readConfig({ BACKUP_DIR: '/srv', POSTGRES_PASSWORD: 'hush-hush' });
  expect(config.effective).toContainEqual({ name: 'BACKUP_DIR', value: '/srv', origin: 'environment' });
  expect(config.effective).toContainEqual({ name: 'STAGING_DIR', value: '/staging', origin: 'default' });
  expect(config.effective).toContainEqual({ name: 'DATABASE_URL', value: undefined, origin: 'unset' });
  expect(config.effective).toContainEqual({
    name: 'POSTGRES_PASSWORD',
    value: '[redacted]',
    origin: 'environment',
  });
});

it('shows the database that DATABASE_URL names, not the one that POSTGRES_* would', () => {
  const config = readConfig({ DATABASE_URL: 'postgresql://me:hush-hush@far:77/real', POSTGRES_HOST: 'near' });
  expect(
    ['HOST', 'PORT', 'USER', 'PASSWORD', 'DB'].map((name) => effective(config, `POSTGRES_${name}`)),
  ).toEqual(['far', '77', 'me', '[redacted]', 'real']);
  expect(config.effective.find(({ name }) => name === 'POSTGRES_HOST')?.origin).toBe('DATABASE_URL');
  expect(effective(config, 'DATABASE_URL')).toBe('[redacted]');
});

it('gives programs where they are found and nothing of other services', () => {
  const config = readConfig({
    PATH: '/bin',
    HOME: '/root',
    AWS_SECRET_ACCESS_KEY: 'k',
    POSTGRES_PASSWORD: 'p',
  });
  expect(config.programEnv).toEqual({ PATH: '/bin', HOME: '/root' });
});
