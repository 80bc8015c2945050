import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { Secret } from '@geolens/backup-core';
import { expect, it, onTestFinished } from 'vitest';
import { failure } from '../../system/test/support/failure.ts';
import { Bucket } from '../src/bucket.ts';
import { createClient } from '../src/client.ts';

const MIB = 1024 * 1024;

it.each([200, 403])('an answer (%d) without end is read to some MiB alone', async (status) => {
  let sent = 0;
  const server = createServer((_request, response) => {
    response.writeHead(status);
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(MIB, '<x>'))) sent += 1;
      sent += 1;
    };
    response.on('drain', more);
    more();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const credentials = { accessKeyId: new Secret('key'), secretAccessKey: new Secret('secret') };
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createClient({ bucket: 'b', endpoint, credentials, attempts: 1 });
  const listing = new Bucket(client, 'b').send(
    'ListObjectsV2',
    new ListObjectsV2Command({ Bucket: 'b' }),
    undefined,
  );
  expect((await failure('STORE_UNAVAILABLE', listing)).message).toMatch(
    /answer (is not that of an S3 store|has more than \d+ bytes)$/,
  );
  expect(sent).toBeLessThan(100);
});
