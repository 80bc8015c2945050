import { secretOf } from '../../../cli/support/secrets.ts';
import { letters, mutated, text } from '../fuzz.ts';
import type { Random } from '../../../support/random.ts';

type Make = (random: Random) => string;

const SECRETS = [
  'S3_ACCESS_KEY_ID',
  'S3_SECRET_ACCESS_KEY',
  'S3_SESSION_TOKEN',
  'POSTGRES_PASSWORD',
  'DATABASE_URL',
  'BACKUP_PING_URL',
  'BACKUP_WEBHOOK_URL',
];

/** Values that are valid for some variable, or nearly: for others they are not. */
const KNOWN = [
  '0',
  '1',
  '-1',
  '65535',
  '65536',
  '1e3',
  '0x10',
  '９',
  '9007199254740993',
  '9'.repeat(400),
  '0.5',
  '.5',
  '1.',
  'NaN',
  'Infinity',
  'true',
  'TRUE',
  'off',
  'no',
  'null',
  'undefined',
  '__proto__',
  'constructor',
  'toString',
  'UTC',
  'Europe/Berlin',
  'Mars/Olympus',
  '@daily',
  '@every 5m',
  '0 2 * * *',
  '*/0 * * * *',
  'gzip:9',
  'zstd:23',
  'lz4',
  'auto',
  'none',
  'path',
  'virtual',
  'sha256',
  'readable',
  'restore',
  'json',
  'debug',
  '/',
  '/nowhere',
  '/dev/null',
  '/proc/self',
  '/proc/self/mem',
  '.',
  '..',
  '../../..',
  '~',
  '//',
  'a/b',
  '*',
  '{}',
  '[]',
  '{"text":"{{title}}"}',
  '{{title}}',
  '{"a":{{log}}',
  'SELECT 1',
  "'; DROP TABLE x; --",
  'localhost',
  '127.0.0.1',
  '127.0.0.1:1',
  '[::1]',
  'nowhere.invalid',
  'http://',
  'http://127.0.0.1:1',
  'https://nowhere.invalid',
  'http://user:word@127.0.0.1:1/x?y#z',
  'http://[',
  'http://127.0.0.1:99999',
  'ftp://127.0.0.1',
  'file:///etc/passwd',
  'javascript:1',
  'postgres://',
  'postgresql://',
  'postgresql:///x',
  'postgresql://127.0.0.1:1/x',
  'postgresql://%zz@h/d',
  'postgresql://a@[::1]:1/%00',
  'postgresql://a@h1,h2/d',
  'postgresql://u@127.0.0.1:1/d?sslmode=verify-full&sslrootcert=/nowhere',
  'postgresql://u@127.0.0.1:1/d?host=/nowhere&port=x',
];

const MAKERS: readonly Make[] = [
  (random) => random.pick(KNOWN),
  (random) => random.pick(KNOWN),
  (random) => mutated(random, random.pick(KNOWN)),
  (random) => text(random),
  (random) => text(random, 500),
  (random) => String((random.next() - 0.3) * 10 ** random.whole(0, 20)),
  (random) => letters(random, random.pick([1, 5, 63, 64, 255, 256, 5000])),
  (random) => random.pick([' ', '\t', '\n', '\r\n', ' \u00a0 ', '""', "''"]),
];

const NUMBERS: readonly Make[] = [
  (random) => String(random.whole(1, 70_000)),
  (random) =>
    random.pick([
      '1',
      '10000',
      '0',
      '65535',
      '3600',
      '9007199254740991',
      '9007199254740993',
      ' 7 ',
      '007',
      '1.5',
      '-3',
      '',
    ]),
];

/** No folder in which something is, or could be made. */
const FOLDERS: readonly Make[] = [
  (random) => `/nowhere/${text(random)}`,
  (random) =>
    random.pick([
      '/dev/null',
      '/dev/null/x',
      '/proc/version',
      '/proc/self/fd/0',
      '/nowhere',
      `/nowhere/${'x'.repeat(300)}`,
      `/nowhere${'/x'.repeat(3000)}`,
    ]),
];

/** What a variable takes, mostly, by its name; everything that is not here takes any text. */
const APT: readonly (readonly [RegExp, readonly Make[]])[] = [
  [/_DIR$/, FOLDERS],
  [/RETENTION|PORT|MINUTES|PARTS|SECONDS/, NUMBERS],
  [/_SCHEDULE$/, [cron]],
  [/TIMEZONE$/, [(random) => random.pick(['Europe/Berlin', 'Pacific/Apia', 'utc', 'Etc/GMT+12'])]],
  [/ENABLED|CATCH_UP|PASSWORDS$/, [(random) => random.pick(['true', 'YES', 'Off', '0'])]],
  [/THRESHOLD/, [(random) => random.pick(['0', '1', 'off', '.5', '0.000000001', '1.0000001'])]],
  [/COMPRESSION/, [(random) => random.pick(['none', 'lz4:12', 'gzip', 'zstd:22', 'lz4:99'])]],
  [/URL$|ENDPOINT$/, [(random) => random.pick(KNOWN.filter((value) => value.includes('://')))]],
];

function valueOf(name: string, random: Random): string {
  const apt = APT.find(([pattern]) => pattern.test(name))?.[1];
  return random.pick(apt === FOLDERS || (apt !== undefined && random.chance(0.7)) ? apt : MAKERS)(random);
}

/**
 * Some variables of the command with values that nobody should give, or only a few; secret ones mostly with a
 * secret inside.
 */
export function fuzzedSettings(random: Random, names: readonly string[]): Readonly<Record<string, string>> {
  const chosen = Array.from({ length: random.pick([1, 1, 2, 3]) }, () => random.pick(names));
  return Object.fromEntries(
    chosen.map((name) => {
      const value = valueOf(name, random);
      if (random.chance(0.1) && !name.endsWith('_DIR'))
        return [
          `${name}_FILE`,
          random.pick(['/', '/nowhere', '/dev/null', '/proc/self/mem', '/proc/version', value]),
        ];
      return [name, SECRETS.includes(name) && random.chance(0.7) ? withSecret(value, random) : value];
    }),
  );
}

function withSecret(value: string, random: Random): string {
  const secret = secretOf('Fuzz');
  return random.pick([
    secret,
    `${value}${secret}`,
    `http://u:${encodeURIComponent(secret)}@127.0.0.1:1/${value}`,
    `postgresql://u:${encodeURIComponent(secret)}@${value}`,
    `postgresql://u:${encodeURIComponent(secret)}@127.0.0.1:1/d?${value}`,
  ]);
}

const FIELD: readonly [number, number, readonly string[]][] = [
  [0, 59, []],
  [0, 23, []],
  [1, 31, ['L']],
  [1, 12, ['JAN', 'feb', 'Dec']],
  [0, 7, ['SUN', 'mon', 'Fri', '5L', '1#2']],
];

/** A cron expression as people write them, or nearly: most are valid. */
function cron(random: Random): string {
  const field = ([least, most, words]: (typeof FIELD)[number]): string => {
    const number = (): string =>
      words.length > 0 && random.chance(0.2)
        ? random.pick(words)
        : String(random.whole(least, most + (random.chance(0.05) ? 60 : 0)));
    const part = random.pick([
      () => '*',
      () => '*',
      number,
      () => `*/${random.whole(0, most)}`,
      () => `${number()}-${number()}`,
      () => `${number()}-${number()}/${random.whole(0, 9)}`,
      () => `${number()}/${random.whole(0, 9)}`,
      () => '?',
    ]);
    return Array.from({ length: random.chance(0.2) ? random.whole(2, 4) : 1 }, part).join(',');
  };
  return FIELD.map(field).join(random.pick([' ', ' ', '  ', '\t']));
}

const EXPRESSIONS: readonly Make[] = [
  cron,
  cron,
  cron,
  (random) => mutated(random, cron(random)),
  (random) =>
    random.pick([
      '@daily',
      '@hourly',
      '@weekly',
      '@monthly',
      '@yearly',
      '@annually',
      '@midnight',
      '@reboot',
      '@every 1h',
      '@DAILY',
      ' @daily ',
      '@',
    ]),
  (random) =>
    random.pick([
      '0 0 30 2 *',
      '0 0 29 2 *',
      '0 0 31 4,6,9,11 *',
      '30 2 * * 0',
      '* * * * *',
      '0 0 29 2 1',
      '59 23 31 12 7',
      '0 0 1 1 * 2030',
      '0 0 0 1 1 *',
      '0 0 L * *',
      'H H * * *',
      '0 0 1-31/40 * *',
      '1-0 * * * *',
      '0-59,0-59,0-59 * * * *',
    ]),
  (random) =>
    Array.from({ length: random.whole(0, 7) }, () =>
      random.pick([
        '*',
        '0',
        '-1',
        '1-',
        '-',
        ',',
        '/',
        '*/',
        '1,,2',
        '99999999999999999999',
        '1e1',
        '0x1',
        '٣',
        '\u00a0',
        '__proto__',
      ]),
    ).join(' '),
  (random) => text(random),
  (random) => `${random.whole(0, 59)},`.repeat(random.whole(1, 3000)).slice(0, -1) + ' 2 * * *',
];

export function fuzzedSchedules(random: Random): Readonly<Record<string, string>> {
  const zones = [
    'UTC',
    'Europe/Berlin',
    'America/Nuuk',
    'Pacific/Apia',
    'Asia/Kathmandu',
    'Australia/Lord_Howe',
    'Antarctica/Troll',
    'Etc/GMT+12',
    'utc',
    'EST5EDT',
    'Mars/Olympus',
    '+02:00',
  ];
  return {
    BACKUP_SCHEDULE: random.pick(EXPRESSIONS)(random),
    ...(random.chance(0.5) && {
      BACKUP_RESTORE_TEST_SCHEDULE: random.chance(0.2)
        ? random.pick(['off', 'OFF', 'never', 'none'])
        : random.pick(EXPRESSIONS)(random),
    }),
    ...(random.chance(0.5) && { BACKUP_TIMEZONE: random.pick(zones) }),
  };
}
