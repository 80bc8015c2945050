import { createServer, type AddressInfo, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Secret } from '@geolens/backup-core';
import { connect } from '../../src/connection/connection.ts';
import { libpqEnvironment } from '../../src/connection/program-connection.ts';
import type { ConnectionSettings } from '../../src/connection/connection-settings.ts';
import { PgDumpProducer } from '../../src/dump/pg-dump-producer.ts';
import { failure } from '../../../system/test/support/failure.ts';
import { freshFolder } from '../../../system/test/support/folders.ts';
import { env } from '../../../system/test/support/search-path.ts';

const SETTINGS: ConnectionSettings = {
  host: 'db',
  port: 5432,
  user: 'geolens',
  database: 'geolens',
  password: new Secret('s3cret'),
};

/** A server that accepts connections and says nothing, or what it is told to. */
async function silentServer(answer?: string): Promise<{ port: number; connected: Promise<Socket> }> {
  const server = createServer();
  const connected = new Promise<Socket>((resolve) => {
    server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      if (answer !== undefined) socket.once('data', () => socket.end(answer));
      onTestFinished(() => void socket.destroy());
      resolve(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, connected };
}

describe('the environment of libpq’s programs', () => {
  it('has the whole connection, and no variable for what is not set', () => {
    expect(
      libpqEnvironment({
        ...SETTINGS,
        sslMode: 'verify-full',
        sslRootCert: '/ca.pem',
        connectTimeout: 3,
        options: '-c geqo=off',
      }),
    ).toEqual({
      PGHOST: 'db',
      PGPORT: '5432',
      PGUSER: 'geolens',
      PGPASSWORD: 's3cret',
      PGDATABASE: 'geolens',
      PGSSLMODE: 'verify-full',
      PGSSLROOTCERT: '/ca.pem',
      PGCONNECT_TIMEOUT: '3',
      PGOPTIONS: '-c geqo=off',
      PGAPPNAME: 'geolens-backup',
    });
    expect(Object.keys(libpqEnvironment({ host: 'db', port: 1, user: 'u', database: 'd' })).sort()).toEqual(
      ['PGHOST', 'PGPORT', 'PGUSER', 'PGDATABASE', 'PGCONNECT_TIMEOUT', 'PGAPPNAME'].sort(),
    );
  });

  it('is the only place where the password shows: settings print without it', () => {
    expect(
      `${JSON.stringify(SETTINGS)}${inspect(SETTINGS, { depth: null })}${String(SETTINGS.password)}`,
    ).not.toContain('s3cret');
  });
});

describe('connecting', () => {
  it('gives up at once when it is aborted, though the server does not answer', async () => {
    const { port, connected } = await silentServer();
    const stop = new AbortController();
    const producer = new PgDumpProducer({
      connection: { ...SETTINGS, host: '127.0.0.1', port, connectTimeout: 600 },
      env,
    });
    const work = failure('ABORTED', producer.snapshot({ signal: stop.signal }));
    const socket = await connected;
    const closed = new Promise((resolve) => socket.resume().once('close', resolve));
    stop.abort();
    await work;
    await closed;
  });

  it('does not begin if the signal has fired already', async () => {
    const { port } = await silentServer();
    await failure('ABORTED', connect({ ...SETTINGS, host: '127.0.0.1', port }, AbortSignal.abort()));
  });

  it('gives up after its time, with a hint', async () => {
    const { port } = await silentServer();
    const producer = new PgDumpProducer({
      connection: { ...SETTINGS, host: '127.0.0.1', port, connectTimeout: 1 },
      env,
    });
    expect(
      await failure('DATABASE_UNREACHABLE', producer.snapshot({ signal: new AbortController().signal })),
    ).toMatchObject({
      details: { reason: 'server-silent' },
      hint: expect.stringContaining('Check the host') as string,
    });
  });

  it('says that what answers is no PostgreSQL server', async () => {
    const { port } = await silentServer('HTTP/1.1 400 Bad Request\r\n\r\n');
    const producer = new PgDumpProducer({
      connection: { ...SETTINGS, host: '127.0.0.1', port, connectTimeout: 5 },
      env,
    });
    expect(
      (await failure('DATABASE_UNREACHABLE', producer.snapshot({ signal: new AbortController().signal })))
        .hint,
    ).toBeDefined();
  });

  it.each(['sslRootCert', 'sslCert', 'sslKey'] as const)(
    'names the file of %s when that cannot be read',
    async (name) => {
      const path = `${await freshFolder()}/missing.pem`;
      const { message, hint } = await failure(
        'CONFIG_INVALID',
        connect({ ...SETTINGS, sslMode: 'verify-full', [name]: path }),
      );
      expect(message).toContain(path);
      expect(hint).toContain('sslrootcert');
    },
  );
});
