import { describe, expect, it } from 'vitest';
import { BackupError, Secret, type ErrorCode } from '@geolens/backup-core';
import { readAll } from '@geolens/backup-core/testing';
import type { ConnectionSettings } from '../../packages/adapter-postgres/src/connection/connection-settings.ts';
import { clusters } from '../support/clusters.ts';
import { freePort } from '../support/free-port.ts';
import { startCluster } from '../support/postgres-cluster.ts';
import { everyWordOf, failure } from './support/failure.ts';
import { everything, never, producerFor, within } from './support/producers.ts';
import { session } from './support/sessions.ts';
import { smallDatabase } from './support/small-database.ts';

const SECRET = 's3cret p%40ss';

describe.each(clusters())('a connection to $title that does not come about', (facts) => {
  const attempt = async (code: ErrorCode, connection: Partial<ConnectionSettings>): Promise<BackupError> => {
    const producer = producerFor(
      { ...facts, database: 'postgres' },
      { connection: { password: new Secret(SECRET), ...connection } },
    );
    const error = await failure(code, producer.snapshot({ signal: never }));
    expect(everyWordOf(error)).not.toContain(SECRET);
    expect(error.hint).toBeDefined();
    return error;
  };

  it.each([
    ['an unknown host', { host: 'no-such-host.invalid' }, 'server-unknown: Correct the host'],
    [
      'a socket that is not there',
      { host: '/nowhere' },
      'socket-missing: Start the server, or correct the host',
    ],
    ['a database that is not there', { database: 'no such database' }, 'database-missing: Correct the name'],
    ['a user that is not there', { user: 'nobody' }, 'user-refused: Correct the user'],
    ['TLS on a server without it', { sslMode: 'require' }, 'TLS'],
    ['verified TLS on a server without it', { sslMode: 'verify-full' }, 'TLS'],
  ] as const)('names the server, the reason and the hint: %s', async (_, connection, advice) => {
    const error = await attempt('DATABASE_UNREACHABLE', connection);
    expect(error.message).toContain(
      `${'host' in connection ? connection.host : facts.host}:${facts.port}, database "`,
    );
    expect(`${error.details.reason ?? ''}: ${error.hint ?? ''}`).toContain(advice);
  });

  it('names a port that nobody listens on', async () => {
    const port = await freePort();
    for (const host of ['127.0.0.1', 'localhost'])
      expect((await attempt('DATABASE_UNREACHABLE', { host, port })).message).toMatch(
        new RegExp(`${host}:${port}.*ECONNREFUSED`),
      );
  });

  it('is made without TLS where that is preferred or allowed only', async () => {
    for (const sslMode of ['disable', 'allow', 'prefer'] as const) {
      await within(producerFor({ ...facts, database: 'postgres' }, { connection: { sslMode } }), everything);
    }
  });
});

describe.each(clusters())('a role of $title that may not do everything', (facts) => {
  it.each([
    ['a table', 'REVOKE SELECT ON data.large FROM ROLE_', 'large'],
    ['a schema', 'REVOKE USAGE ON SCHEMA data FROM ROLE_', 'data'],
    ['a sequence', 'REVOKE SELECT ON data.numbers FROM ROLE_', 'numbers'],
    [
      'rows under row-level security',
      'ALTER TABLE data.large ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON data.large USING (n < 5)',
      'row-level security policy for table "large"',
    ],
  ])('is DATABASE_FORBIDDEN, with the name, when it lacks the right on %s', async (_, statement, name) => {
    const database = await smallDatabase(facts);
    const role = `limited_${database.database}`;
    await database.query(`CREATE ROLE ${role} LOGIN; GRANT USAGE ON SCHEMA data TO ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA data TO ${role};
      GRANT SELECT ON ALL SEQUENCES IN SCHEMA data TO ${role}; ${statement.replace('ROLE_', role)}`);
    try {
      const producer = producerFor(database, { connection: { user: role } });
      const all = within(producer, async (snapshot) => readAll(snapshot.dump()));
      const error = await failure('DATABASE_FORBIDDEN', all); // never fewer rows without an error
      expect(error.message).toContain(name);
      expect(error.hint).toContain(name.includes('row-level') ? 'BYPASSRLS' : 'Grant the right');
    } finally {
      await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
});

describe.each(clusters())('a server of $title that is busy', (facts) => {
  it('is waited for so long and no longer, when a table is locked', async () => {
    const database = await smallDatabase(facts);
    const other = await session(database);
    await other.query('BEGIN; LOCK TABLE data.large IN ACCESS EXCLUSIVE MODE');
    const error = await failure(
      'TABLES_BUSY',
      producerFor(database, { lockTimeoutMs: 300 }).snapshot({ signal: never }),
    );
    expect(error.message).toContain('lock timeout');
    expect(error.hint).toMatch(/keeps the table locked/);
    await other.query('ROLLBACK');
    await within(producerFor(database, { lockTimeoutMs: 300 }), everything);
  });

  it('is DATABASE_UNREACHABLE, with the hint, when it takes no more connections', async () => {
    const database = await smallDatabase(facts);
    const role = `single_${database.database}`;
    await database.query(
      `CREATE ROLE ${role} LOGIN SUPERUSER; ALTER DATABASE ${database.database} CONNECTION LIMIT 0; CREATE ROLE plain_${database.database} LOGIN`,
    );
    try {
      const error = await failure(
        'DATABASE_UNREACHABLE',
        producerFor(database, { connection: { user: `plain_${database.database}` } }).snapshot({
          signal: never,
        }),
      );
      expect(error.hint).toContain('max_connections');
    } finally {
      await database.query(`DROP ROLE ${role}; DROP ROLE plain_${database.database}`);
    }
  });
});

describe('a server that asks for a password', () => {
  it('tells a wrong one, a missing one, and takes the right one, which shows nowhere', async () => {
    await using cluster = await startCluster({ auth: 'scram' });
    const { host, port, user, binDir } = cluster;
    const place = { host, port, user, binDir, database: 'postgres' };
    const wrong = await failure(
      'DATABASE_UNREACHABLE',
      producerFor(place, { connection: { password: new Secret(SECRET) } }).snapshot({ signal: never }),
    );
    expect(wrong).toMatchObject({
      details: { reason: 'password-wrong' },
      hint: 'Correct the user and the password',
    });
    expect(everyWordOf(wrong)).not.toContain(SECRET);
    const missing = await failure('DATABASE_UNREACHABLE', producerFor(place).snapshot({ signal: never }));
    expect(missing).toMatchObject({
      details: { reason: 'password-missing' },
      hint: expect.stringContaining('Give a password') as string,
    });
    const producer = producerFor(place, { connection: { password: new Secret(cluster.password!) } });
    expect(JSON.stringify(await within(producer, everything))).not.toContain(cluster.password);
  });
});

describe('a server that is newer than the programs', () => {
  it.skipIf(clusters().length < 2)(
    'is CLIENT_TOO_OLD with both versions (only where there are two servers)',
    async () => {
      const [older, newer] = clusters() as unknown as [
        ReturnType<typeof clusters>[number],
        ReturnType<typeof clusters>[number],
      ];
      const { message, hint } = await failure(
        'CLIENT_TOO_OLD',
        producerFor({ ...newer, database: 'postgres', binDir: older.binDir }).snapshot({ signal: never }),
      );
      expect(message).toMatch(
        new RegExp(`server is PostgreSQL ${newer.major}\\..* pg_dump here is ${older.major}\\.`),
      );
      expect(hint).toContain(`postgresql-client-${newer.major}`);
    },
  );
});
