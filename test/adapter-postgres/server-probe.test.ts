import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PgServerProbe, type ConnectionSettings } from '@geolens/backup-adapter-postgres';
import { BackupError, Secret } from '@geolens/backup-core';
import { anyCluster } from '../support/clusters.ts';
import { freePort } from '../support/free-port.ts';

async function settings(change: Partial<ConnectionSettings> = {}): Promise<ConnectionSettings> {
  const { host, port, user } = anyCluster();
  return Promise.resolve({ host, port, user, database: 'postgres', ...change });
}

/** A server that answers every connection with these bytes, or with nothing. */
async function listener(answer?: Buffer): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (answer !== undefined) socket.once('data', () => socket.end(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** What PostgreSQL sends while it starts. */
function startingUp(): Buffer {
  const fields = ['SFATAL', 'VFATAL', 'C57P03', 'Mthe database system is starting up']
    .map((field) => `${field}\0`)
    .join('');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(4 + fields.length + 1);
  return Buffer.concat([Buffer.from('E'), length, Buffer.from(fields), Buffer.alloc(1)]);
}

describe('a look for the server', () => {
  it('finds one that answers, also when it refuses the role or has no such database', async () => {
    expect(await new PgServerProbe(await settings()).inspect()).toEqual({ server: 'answers' });
    expect(await new PgServerProbe(await settings({ database: 'no such database' })).inspect()).toEqual({
      server: 'answers',
    });
    expect(
      await new PgServerProbe(await settings({ user: 'nobody at all', password: new Secret('x') })).inspect(),
    ).toEqual({ server: 'answers' });
  });

  it('finds one that is starting', async () => {
    const probe = new PgServerProbe(
      await settings({ host: '127.0.0.1', port: await listener(startingUp()), sslMode: 'disable' }),
    );
    expect(await probe.inspect()).toMatchObject({
      server: 'starting',
      error: { code: 'DATABASE_UNREACHABLE' },
    });
  });

  it.each([
    ['nobody listens', async () => settings({ host: '127.0.0.1', port: await freePort() })],
    ['the name is not known', () => settings({ host: 'db.invalid' })],
    ['the socket is not there', async () => settings({ host: await emptyFolder() })],
    [
      'nothing is said',
      async () => settings({ host: '127.0.0.1', port: await listener(), connectTimeout: 1 }),
    ],
  ])('finds nothing where %s', async (_, where) => {
    expect(await new PgServerProbe(await where()).inspect()).toMatchObject({
      server: 'nothing',
      error: { code: 'DATABASE_UNREACHABLE' },
    });
  });

  it('is given up when the signal fires', async () => {
    const stop = new AbortController();
    const looking = new PgServerProbe(await settings({ host: '127.0.0.1', port: await listener() })).inspect(
      stop.signal,
    );
    stop.abort(new BackupError('ABORTED', 'stopped'));
    await expect(looking).rejects.toThrow('stopped');
  });
});

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'geolens-no-socket-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}
