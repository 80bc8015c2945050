import { expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';

it('blanks and carriage returns around a value are not part of it, but those of a password are', () => {
  const { connection, backupDir } = readConfig({
    POSTGRES_HOST: 'database \r',
    BACKUP_DIR: ' /sets\r',
    POSTGRES_PASSWORD: ' open sesame ',
  });
  expect(connection.host).toBe('database');
  expect(backupDir).toBe('/sets');
  expect(connection.password?.reveal()).toBe(' open sesame ');
});

it('a compression that is called as every object has a method is refused like any other', () => {
  expect(() => readConfig({ BACKUP_COMPRESSION: 'toString' })).toThrow(
    'BACKUP_COMPRESSION="toString" has to be auto',
  );
});
