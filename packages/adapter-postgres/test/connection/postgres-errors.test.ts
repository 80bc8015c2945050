import { describe, expect, it } from 'vitest';
import { postgresError, programError } from '../../src/connection/postgres-errors.ts';

const SETTINGS = { host: 'db', port: 5432, user: 'geolens', database: 'atlas' };
const prefix =
  'pg_dump exited with 1: pg_dump: error: connection to server at "db" (10.0.0.2), port 5432 failed: ';

describe('a connection of pg_dump that does not come about, though ours did', () => {
  it.each([
    [
      'root certificate file "/root/.postgresql/root.crt" does not exist | Either provide the file, use the system’s trusted roots with sslrootcert=system',
      'sslrootcert',
    ],
    ['could not read root certificate file "/ca.pem": no certificate or crl found', 'sslrootcert'],
    ['SSL error: certificate verify failed', 'sslrootcert'],
    ['server certificate for "other" does not match host name "db"', 'sslmode'],
    [
      'FATAL:  password authentication failed for user "geolens"',
      'password-wrong: Correct the user and the password',
    ],
    ['fe_sendauth: no password supplied', 'password-wrong: Correct the user and the password'],
    [
      'FATAL:  no pg_hba.conf entry for host "10.0.0.3", user "geolens", database "atlas", no encryption',
      'pg_hba.conf',
    ],
    [
      'FATAL:  unsupported startup parameter in options: client_connection_check_interval',
      'not through a connection pooler',
    ],
    ['FATAL:  unsupported startup parameter: options', 'not through a connection pooler'],
    ['FATAL:  the database system is shutting down', 'shut down while it worked'],
    ['Connection refused', 'shut down while it worked'],
  ])('is reported with its own reason and hint: %s', (said, words) => {
    const error = programError(`${prefix}${said}`, 'the dump', SETTINGS);
    expect(error.code).toBe('DATABASE_UNREACHABLE');
    expect(`${error.details.reason ?? ''}: ${error.hint ?? ''}`).toContain(words);
    expect(error.message).toContain(said);
  });

  it('may be a snapshot that a pooler has given to another session', () => {
    expect(
      programError(
        'pg_dump: error: query failed: ERROR:  invalid snapshot identifier: "00000003-1"',
        'the dump',
        SETTINGS,
      ).hint,
    ).toContain('pooler');
  });
});

describe('a server that runs out of locks', () => {
  it('has a hint about their number', () => {
    const said = 'pg_dump: error: query failed: ERROR:  out of shared memory';
    expect(programError(said, 'the dump', SETTINGS)).toMatchObject({
      code: 'DUMP_FAILED',
      hint: expect.stringContaining('max_locks_per_transaction') as string,
    });
  });
});

describe('a standby that cancels the dump', () => {
  it('has a hint about its settings, whether it cancels the query or ends the session', () => {
    const settings = expect.stringContaining('hot_standby_feedback') as string;
    for (const words of ['canceling statement', 'terminating connection']) {
      const said = `ERROR:  ${words} due to conflict with recovery`;
      expect(programError(`pg_dump: error: ${said}`, 'the dump', SETTINGS)).toMatchObject({ hint: settings });
      const ofSession = Object.assign(new Error(said), { code: '40001' });
      expect(postgresError(ofSession, 'the snapshot', SETTINGS)).toMatchObject({
        code: 'DUMP_FAILED',
        hint: settings,
      });
    }
  });
});

describe('what the server says of a password', () => {
  it('is told by its SQLSTATE as before', () => {
    const refused = Object.assign(new Error('password authentication failed for user "geolens"'), {
      code: '28P01',
    });
    expect(postgresError(refused, 'connecting', SETTINGS)).toMatchObject({
      code: 'DATABASE_UNREACHABLE',
      details: { reason: 'password-wrong' },
      hint: expect.stringContaining('the password') as string,
    });
  });
});
