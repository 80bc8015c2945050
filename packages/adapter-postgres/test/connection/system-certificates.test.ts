import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { connect } from '../../src/connection/connection.ts';
import type { ConnectionSettings } from '../../src/connection/connection-settings.ts';
import { freshFolder } from '../../../system/test/support/folders.ts';
import { isInstalled } from '../../../system/test/support/search-path.ts';

/** What this machine trusts. */
const trusted = vi.hoisted(() => ({ certificates: [] as string[] }));

vi.mock('node:tls', async (original) => ({
  ...(await original<typeof import('node:tls')>()),
  getCACertificates: (kind: string) => (kind === 'system' ? trusted.certificates : []),
}));

/** A server with a certificate that it signed itself. It takes TLS, hears who comes, and closes. */
async function tlsServer(
  name: string,
): Promise<{ settings: ConnectionSettings; certificate: string; heard: string[] }> {
  const folder = await freshFolder();
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const args = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '1',
    '-subj',
    '/CN=test',
    '-addext',
    `subjectAltName=${name}`,
    '-keyout',
    key,
    '-out',
    cert,
  ];
  execFileSync('openssl', args, { stdio: 'pipe' });
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write('S');
      const secure = new TLSSocket(socket, {
        isServer: true,
        key: readFileSync(key),
        cert: readFileSync(cert),
      });
      secure.on('error', () => undefined);
      secure.once('data', (startup: Buffer) => {
        heard.push(startup.toString('latin1'));
        secure.destroy();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const settings = {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    user: 'geolens',
    database: 'd',
    sslRootCert: 'system',
  };
  return { settings, certificate: readFileSync(cert, 'utf8'), heard };
}

describe.skipIf(!(await isInstalled('openssl')))(
  'sslrootcert=system (only where openssl makes certificates)',
  () => {
    it('trusts whom this machine trusts', async () => {
      const { settings, certificate, heard } = await tlsServer('IP:127.0.0.1');
      trusted.certificates = [certificate];
      await expect(connect(settings)).rejects.toThrow('terminated');
      expect(heard).toEqual([expect.stringContaining('geolens')]);
    });

    it('trusts no other server, and sends it nothing, whatever the mode', async () => {
      const { settings, heard } = await tlsServer('IP:127.0.0.1');
      trusted.certificates = [];
      for (const sslMode of [undefined, 'require', 'verify-full'] as const)
        await expect(connect({ ...settings, sslMode })).rejects.toThrow('self-signed');
      expect(heard).toEqual([]);
    });

    it('asks for the right name, as it is verify-full when nothing else is said', async () => {
      const { settings, certificate, heard } = await tlsServer('IP:127.0.0.2');
      trusted.certificates = [certificate];
      await expect(connect(settings)).rejects.toThrow('altnames');
      expect(heard).toEqual([]);
    });
  },
);
