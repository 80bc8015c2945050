import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { freshFolder } from '../../../system/test/support/folders.ts';
import { refusal } from '../support/problems.ts';

const S3 = { BACKUP_S3_ENABLED: 'true', S3_BUCKET: 'sets', S3_ACCESS_KEY_ID: 'AKID' };
const KEYS = { ...S3, S3_SECRET_ACCESS_KEY: 'hush-hush' };

describe('a value that cannot be meant', () => {
  it.each<readonly [string, Record<string, string>, string]>([
    ['a folder in quotes', { STAGING_DIR: '"/staging"' }, 'STAGING_DIR begins and ends with quotes'],
    [
      'a schedule in quotes',
      { BACKUP_SCHEDULE: '"0 2 * * *"' },
      'BACKUP_SCHEDULE begins and ends with quotes',
    ],
    ['single quotes', { BACKUP_DIR: "'/backups'" }, 'BACKUP_DIR begins and ends with quotes'],
    ['typographic quotes', { BACKUP_TIMEZONE: '“UTC”' }, 'BACKUP_TIMEZONE begins and ends with quotes'],
    ['a number in quotes', { POSTGRES_PORT: '"5432"' }, 'POSTGRES_PORT begins and ends with quotes'],
    [
      'a URL in quotes',
      { DATABASE_URL: '"postgresql://u:hush-hush@h/d"' },
      'DATABASE_URL begins and ends with',
    ],
    [
      'a ping in quotes',
      { BACKUP_PING_URL: '"https://hush-hush.org/x"' },
      'BACKUP_PING_URL begins and ends with',
    ],
    [
      'a query in quotes',
      { ...KEYS, S3_ENDPOINT: '"https://s3.org"' },
      'S3_ENDPOINT begins and ends with quotes',
    ],
    [
      'a key with a line end of Windows',
      { ...KEYS, S3_ACCESS_KEY_ID: 'AKID\r' },
      'S3_ACCESS_KEY_ID ends with a carriage',
    ],
    [
      'a secret with it',
      { ...KEYS, S3_SECRET_ACCESS_KEY: 'hush-hush\r' },
      'S3_SECRET_ACCESS_KEY ends with a carriage',
    ],
    [
      'a secret with a mark',
      { ...KEYS, S3_SECRET_ACCESS_KEY: '\ufeffhush-hush' },
      'begins with a byte order mark',
    ],
    [
      'a token with a line feed',
      { ...KEYS, S3_SESSION_TOKEN: 'hush-hush\n' },
      'S3_SESSION_TOKEN ends with a line feed',
    ],
    [
      'a URL with a line end',
      { DATABASE_URL: 'postgresql://u:hush-hush@h/d\r' },
      'DATABASE_URL ends with a carriage',
    ],
    ['a no-break space', { BACKUP_SCHEDULE: '0\u00a02 * * *' }, 'BACKUP_SCHEDULE holds a non-breaking space'],
    ['a zero-width space', { POSTGRES_HOST: 'd\u200bb' }, 'POSTGRES_HOST holds a zero-width space'],
    ['a direction mark', { POSTGRES_DB: 'geo\u202elens' }, 'the invisible character U+202E'],
    ['two hosts', { DATABASE_URL: 'postgresql://u:hush-hush@a:1,b:2/d' }, 'DATABASE_URL names several hosts'],
    [
      'two hosts, without ports',
      { DATABASE_URL: 'postgresql://u:p@a,b/d' },
      'DATABASE_URL names several hosts',
    ],
    [
      'two hosts by name',
      { DATABASE_URL: 'postgresql://u:p@/d?host=a,b' },
      'DATABASE_URL names several hosts',
    ],
    ['two hosts of their own', { POSTGRES_HOST: 'a,b' }, 'POSTGRES_HOST="a,b" names several hosts'],
    [
      'a bucket in the endpoint',
      { ...KEYS, S3_ENDPOINT: 'https://x.r2.org/sets' },
      'set S3_ENDPOINT=https://x.r2.org',
    ],
  ])('is refused by name, and a secret is not shown: %s', (_, env, sentence) => {
    const text = refusal(env);
    expect(text).toContain('has 1 problem');
    expect(text).toContain(sentence);
    expect(text).not.toContain('hush');
  });
});

describe('a value that may be meant', () => {
  it.each<readonly [string, Record<string, string>, readonly string[]]>([
    [
      'quotes around a password',
      { POSTGRES_PASSWORD: '"hush-hush"' },
      ['POSTGRES_PASSWORD begins and ends with quotes'],
    ],
    [
      'a password with a line end',
      { POSTGRES_PASSWORD: 'hush-hush\r' },
      ['POSTGRES_PASSWORD ends with a carriage'],
    ],
    [
      'quotes around a key',
      { ...S3, S3_SECRET_ACCESS_KEY: "'hush-hush'" },
      ['S3_SECRET_ACCESS_KEY begins and ends'],
    ],
    [
      'a hidden character in a password',
      { POSTGRES_PASSWORD: 'hush\u200bhush' },
      ['holds a zero-width space'],
    ],
    ['a level in quotes', { LOG_LEVEL: '"debug"' }, ['LOG_LEVEL begins and ends with quotes']],
    ['blanks and quotes inside a password', { POSTGRES_PASSWORD: ' hu"sh\' ü ' }, []],
    ['a comma in a password', { DATABASE_URL: 'postgresql://u:a,b@h/d' }, []],
    ['a comma in the name of a database', { DATABASE_URL: 'postgresql://u:a@h/d,e' }, []],
    ['a folder of sockets with a comma', { POSTGRES_HOST: '/run/a,b' }, []],
    ['a template that is a text', { BACKUP_WEBHOOK_TEMPLATE: '"{{title}}\u200d"' }, []],
    ['a query of several lines', { BACKUP_RESTORE_TEST_FILES_QUERY: 'SELECT a\r\n\tFROM b' }, []],
    ['joiners of a script', { STAGING_DIR: '/می\u200cخواهم' }, []],
    ['blanks and line ends around a folder', { STAGING_DIR: '\ufeff\u00a0/staging\r\n' }, []],
    ['a URL with a line end', { BACKUP_PING_URL: 'https://hush-hush.org/x\r\n' }, []],
    [
      'S3 that is not asked for',
      { S3_BUCKET: '"b"', S3_SECRET_ACCESS_KEY: '"k"', S3_ACCESS_KEY_ID: 'a\r' },
      [],
    ],
    ['an endpoint with another path', { ...KEYS, S3_ENDPOINT: 'https://x.org/storage/sets' }, []],
  ])('is taken, with a warning where it is doubtful: %s', (_, env, warnings) => {
    const found = readConfig(env).warnings;
    expect(found).toEqual(warnings.map((text) => expect.stringContaining(text) as string));
    expect(found.join()).not.toContain('hush');
  });
});

describe('a file with a value', () => {
  it.each([
    ['another encoding', Buffer.from('\ufeff/staging', 'utf16le'), 'is not UTF-8 text'],
    ['another encoding without a mark', Buffer.from('/staging', 'utf16le'), 'is not UTF-8 text'],
    ['bytes that are no text', Buffer.from([0x2f, 0xff]), 'is not UTF-8 text'],
    ['quotes', Buffer.from('"/staging"\r\n'), 'STAGING_DIR begins and ends with quotes'],
  ])('is refused by name if it has %s', async (_, content, sentence) => {
    const path = join(await freshFolder(), 'value');
    await writeFile(path, content);
    expect(refusal({ STAGING_DIR_FILE: path })).toContain(sentence);
  });

  it('is taken with a byte order mark and the line end of Windows, but not as a key', async () => {
    const path = join(await freshFolder(), 'value');
    await writeFile(path, '\ufeff/staging\r\n');
    expect(readConfig({ STAGING_DIR_FILE: path }).stagingDir).toBe('/staging');
    expect(refusal({ ...S3, S3_SECRET_ACCESS_KEY_FILE: path })).toContain('begins with a byte order mark');
  });
});
