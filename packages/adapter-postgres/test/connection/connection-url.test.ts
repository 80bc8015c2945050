import { BackupError } from '@geolens/backup-core';
import { describe, expect, it } from 'vitest';
import { connectionFromUrl } from '../../src/connection/connection-url.ts';

describe('connectionFromUrl', () => {
  it('answers what the URL names, the password as a secret', () => {
    const { password, ...others } = connectionFromUrl(
      'postgresql://backup:p%40ss@db:5433/maps?sslmode=require&connect_timeout=3',
    );
    expect(others).toEqual({
      host: 'db',
      port: 5433,
      user: 'backup',
      database: 'maps',
      sslMode: 'require',
      connectTimeout: 3,
    });
    expect(password?.reveal()).toBe('p@ss');
  });

  it('takes the port of PostgreSQL where none is named, and no password where there is none', () => {
    expect(connectionFromUrl('postgres://backup@db/maps')).toEqual({
      host: 'db',
      port: 5432,
      user: 'backup',
      database: 'maps',
    });
  });

  it.each([
    ['mysql://u:hidden@db/maps', /^the URL of the database has to begin with postgresql:\/\//],
    ['postgresql://u:hidden@db', /^the URL of the database names no database/],
    ['postgresql://u:hidden@db:99999/maps', /^the URL of the database (is not a URL|has a port)/],
    ['postgresql://u:hidden@[/maps', /^the URL of the database is not a URL/],
    ['postgresql://u:hidden@db/maps?sslmode=perhaps', /^the URL of the database has an unknown sslmode/],
  ])('refuses %s without repeating any of it', (url, message) => {
    const reading = (): unknown => connectionFromUrl(url);
    expect(reading).toThrow(BackupError);
    expect(reading).toThrow(message);
    expect(reading).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.not.stringContaining('hidden') as string,
      }) as Error,
    );
  });

  it('calls the URL what it is called where it came from', () => {
    expect(() => connectionFromUrl('maps', 'SHOP_URL')).toThrow(/^SHOP_URL has to begin/);
  });
});
