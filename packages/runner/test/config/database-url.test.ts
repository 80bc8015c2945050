import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { refusal } from '../support/problems.ts';

function read(url: string): Record<string, unknown> {
  const { connection } = readConfig({ DATABASE_URL: url });
  return { ...connection, ...(connection.password && { password: connection.password.reveal() }) };
}

const PLAIN = { host: 'h', port: 5432, user: 'u', database: 'd' };

describe('DATABASE_URL', () => {
  it.each([
    ['the scheme of SQLAlchemy', 'postgresql+asyncpg://u:p@h:1/d', { ...PLAIN, port: 1, password: 'p' }],
    ['another of its drivers', 'postgresql+psycopg2://u@h/d', PLAIN],
    ['the short scheme', 'postgres://u@h/d', PLAIN],
    ['no port', 'postgresql://u@h/d', PLAIN],
    [
      'a percent-encoded password',
      'postgresql://u:p%40ss%3Aw%2Frd%20%231%3F%25@h/d',
      { ...PLAIN, password: 'p@ss:w/rd #1?%' },
    ],
    [
      'a password with a stray percent sign beside encoded characters',
      'postgresql://u:100%%2Fa b@h/d',
      { ...PLAIN, password: '100%/a b' },
    ],
    ['a password in the query', 'postgresql://u@h/d?password=p%40', { ...PLAIN, password: 'p@' }],
    [
      'a socket in the query',
      'postgresql://u:p@/d?host=/run/postgresql',
      { ...PLAIN, host: '/run/postgresql', password: 'p' },
    ],
    [
      'everything in the query',
      'postgresql:///?host=/run/pg&user=u&dbname=d&port=77',
      { ...PLAIN, host: '/run/pg', port: 77 },
    ],
    ['a socket as the host', 'postgresql://u@%2Frun%2Fpg/d', { ...PLAIN, host: '/run/pg' }],
    ['an address of IPv6', 'postgresql://u@[::1]:77/d', { ...PLAIN, host: '::1', port: 77 }],
    [
      'a database with encoded characters',
      'postgresql://u@h/it%27s%3D3%2F%22%C3%A4%22%20%25%3F',
      { ...PLAIN, database: 'it\'s=3/"ä" %?' },
    ],
    ['a database with plain unusual ones', 'postgresql://u@h/a b=ä', { ...PLAIN, database: 'a b=ä' }],
    [
      'sslmode',
      'postgresql://u@h/d?sslmode=verify-full&sslrootcert=/ca.pem',
      { ...PLAIN, sslMode: 'verify-full', sslRootCert: '/ca.pem' },
    ],
    ['asyncpg’s name for it', 'postgresql+asyncpg://u@h/d?ssl=require', { ...PLAIN, sslMode: 'require' }],
    ['asyncpg’s yes', 'postgresql+asyncpg://u@h/d?ssl=true', { ...PLAIN, sslMode: 'require' }],
    ['asyncpg’s no', 'postgresql+asyncpg://u@h/d?ssl=false', { ...PLAIN, sslMode: 'disable' }],
    [
      'the authorities of the system',
      'postgresql://u@h/d?sslmode=verify-full&sslrootcert=system',
      { ...PLAIN, sslMode: 'verify-full', sslRootCert: 'system' },
    ],
    [
      'the authorities of the system, which verify by themselves',
      'postgresql://u@h/d?sslrootcert=system',
      { ...PLAIN, sslRootCert: 'system' },
    ],
    [
      'a client’s key',
      'postgresql://u@h/d?sslcert=/c.pem&sslkey=/k.pem',
      { ...PLAIN, sslCert: '/c.pem', sslKey: '/k.pem' },
    ],
    [
      'a time limit and options',
      'postgresql://u@h/d?connect_timeout=3&options=-c%20search_path%3Dx',
      { ...PLAIN, connectTimeout: 3, options: '-c search_path=x' },
    ],
    ['parameters of others', 'postgresql://u@h/d?application_name=x&prepared_statement_cache_size=0', PLAIN],
  ])('is read with %s', (_, url, expected) => {
    expect(read(url)).toEqual(expected);
  });

  it.each([
    ['another scheme', 'mysql://u:hush-hush@h/d', 'has to begin with postgresql://'],
    ['no scheme', 'u:hush-hush@h/d', 'has to begin with postgresql://'],
    ['nothing but a scheme', 'postgresql://', 'names no host'],
    ['no user', 'postgresql://h/d', 'names no user'],
    ['no database', 'postgresql://u:hush-hush@h', 'names no database'],
    ['an empty database', 'postgresql://u:hush-hush@h/', 'names no database'],
    ['a question mark in the password', 'postgresql://u:hush-hush?@h/d', 'percent-encode'],
    ['a slash in the password', 'postgresql://u:hush-hush/x@h/d', 'percent-encode'],
    ['a hash sign in the password', 'postgresql://u:hush-hush#x@h/d', 'percent-encode'],
    ['bytes that are no text', 'postgresql://u:hush-hush%FF@h/d', 'percent-encode'],
    ['port 0', 'postgresql://u:hush-hush@h:0/d', 'port'],
    ['a port in words', 'postgresql://u:hush-hush@h/d?port=http', 'port'],
    ['a port too large', 'postgresql://u:hush-hush@h:70000/d', 'is not a URL'],
    [
      'libpq’s word for yes, of which there is none',
      'postgresql://u:hush-hush@h/d?sslmode=true',
      'sslmode; it has to be one of disable',
    ],
    [
      'the authorities of the system for less than libpq does with them',
      'postgresql://u:hush-hush@h/d?sslmode=require&sslrootcert=system',
      'has sslrootcert=system, which takes sslmode=verify-full',
    ],
    [
      'an unknown sslmode',
      'postgresql://u:hush-hush@h/d?sslmode=on',
      'sslmode; it has to be one of disable, allow, prefer, require, verify-ca, verify-full',
    ],
  ])('is refused with %s, and the problem shows no part of it', (_, url, words) => {
    const text = refusal({ DATABASE_URL: url });
    expect(text).toContain('  - DATABASE_URL ');
    expect(text).toContain(words);
    expect(text).not.toContain('hush');
  });

  it('wins over all of POSTGRES_*, the password too', () => {
    const others = {
      POSTGRES_HOST: 'x',
      POSTGRES_PORT: '9',
      POSTGRES_USER: 'x',
      POSTGRES_PASSWORD: 'x',
      POSTGRES_DB: 'x',
    };
    expect(readConfig({ DATABASE_URL: 'postgresql://u@h/d', ...others }).connection).toEqual(PLAIN);
  });

  it('shows its password to no one who prints the configuration', () => {
    const config = readConfig({ DATABASE_URL: 'postgresql://u:hush%2Dhush@h/d' });
    for (const text of [
      inspect(config, { depth: 9 }),
      JSON.stringify(config),
      String(config.connection.password),
    ])
      expect(text).not.toMatch(/hush/);
    expect(config.secrets.map((secret) => secret.reveal())).toContain('hush-hush');
  });

  it('makes no library warn of sslmode=require', () => {
    const warn = vi.spyOn(process, 'emitWarning');
    readConfig({ DATABASE_URL: 'postgresql://u@h/d?sslmode=require' });
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});

it('POSTGRES_HOST may be the folder of a socket', () => {
  expect(readConfig({ POSTGRES_HOST: '/run/postgresql', POSTGRES_DB: 'a b' }).connection).toMatchObject({
    host: '/run/postgresql',
    database: 'a b',
  });
});
