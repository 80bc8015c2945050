import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isBackupError } from '@geolens/backup-core';
import { readConfig } from '../../src/config/config.ts';
import { VARIABLE_NAMES } from '../../src/config/variables.ts';
import { refusal } from '../support/problems.ts';

const names = fc.constantFrom(
  ...VARIABLE_NAMES,
  ...VARIABLE_NAMES.map((name) => `${name}_FILE`),
  'BACKUP_KEEP_DAYS',
  'toString',
);
const values = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '0',
    '7',
    'true',
    '* * * * *',
    '@daily',
    'zstd:3',
    'json',
    '/',
    '/nowhere',
    'UTC',
    '\0',
    '%',
    'postgresql://',
  ),
  fc.webUrl({ withQueryParameters: true }).map((url) => url.replace(/^https?/, 'postgresql')),
  fc
    .tuple(fc.string(), fc.string(), fc.string())
    .map(([user, password, rest]) => `postgresql://${user}:${password}@h/${rest}`),
);

it('whatever stands in the environment, the configuration is read or refused as invalid, never anything else', () => {
  fc.assert(
    fc.property(fc.dictionary(names, values), (env) => {
      try {
        expect(readConfig(env).connection.port).toBeGreaterThan(0);
      } catch (error) {
        if (!isBackupError(error, 'CONFIG_INVALID')) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});

it('no problem of a URL tells its password', () => {
  const password = fc.stringMatching(/^[A-Za-z]{9,20}$/);
  const broken = fc.constantFrom(
    (p: string) => `postgresql://u:${p}@h`,
    (p: string) => `postgres//u:${p}@h/d`,
    (p: string) => `postgresql://u:${p}#/@h/d`,
    (p: string) => `postgresql://u:${p}@h/d?sslmode=${p}`,
    (p: string) => `postgresql://u:x@h/d?port=${p}`,
  );
  fc.assert(
    fc.property(password, broken, (secret, url) => {
      const text = refusal({ DATABASE_URL: url(secret) });
      expect(text).not.toBe('');
      expect(text).not.toContain(secret);
    }),
  );
});
