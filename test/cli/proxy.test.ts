import { once } from 'node:events';
import { createServer, request as send } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { expect, inject, it, onTestFinished } from 'vitest';
import { freshBucket, replicaEnv } from '../support/buckets.ts';
import { newOperator } from '../support/operator.ts';
import { receiver } from '../support/receiver.ts';

/** A proxy that refuses tunnels to other machines. Records what it is asked for. */
async function startProxy(): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    const onward = send(request.url ?? '', { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.writeHead(502).end());
    request.pipe(onward);
  });
  server.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url ?? ''}`);
    socket.on('error', () => undefined);
    const { hostname, port } = new URL(`http://${request.url ?? ''}`);
    if (hostname !== '127.0.0.1') return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const onward = connect(Number(port), hostname, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    onward.on('error', () => socket.destroy());
    onward.pipe(socket).pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const KEYS = {
  BACKUP_S3_ENABLED: 'true',
  S3_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  S3_SECRET_ACCESS_KEY: 'hush-hush',
};

it.skipIf(inject('gateway') === undefined)(
  'HTTP_PROXY is used for S3, unless NO_PROXY has the host',
  async () => {
    const [operator, bucket, proxy] = await Promise.all([newOperator(), freshBucket(), startProxy()]);
    const env = { ...replicaEnv(bucket), HTTP_PROXY: proxy.url };
    await operator.goodRun({ env });
    expect(proxy.asked.filter((line) => line.startsWith(`PUT ${bucket.endpoint}/`)).length).toBeGreaterThan(
      2,
    );
    const count = proxy.asked.length;
    await operator.goodRun({ env: { ...env, NO_PROXY: new URL(bucket.endpoint).hostname } });
    expect(proxy.asked).toHaveLength(count);
  },
);

it('https_proxy is used for S3 and notifications, and named when it refuses', async () => {
  const [operator, proxy] = await Promise.all([newOperator(), startProxy()]);
  const env = {
    ...KEYS,
    S3_ENDPOINT: 'https://store.invalid',
    S3_BUCKET: 'sets',
    BACKUP_PING_URL: 'https://ping.invalid/x',
    https_proxy: proxy.url.replace('//', '//user:hush-hush@'),
  };
  const { code, stderr } = await operator.backup(['run'], { env });
  expect(code).toBe(3);
  expect(new Set(proxy.asked)).toEqual(new Set(['CONNECT store.invalid:443', 'CONNECT ping.invalid:443']));
  expect(stderr).toMatch(/Correct HTTPS_PROXY.*NO_PROXY/);
  expect(stderr).toMatch(/BACKUP_PING_URL \(ping.invalid\) could not be reached \(.*Proxy response \(403\)/);
  expect(stderr).not.toContain('hush');
});

it('HTTP_PROXY is used for webhooks', async () => {
  const [operator, proxy, { url, received }] = await Promise.all([newOperator(), startProxy(), receiver()]);
  await operator.goodRun({ env: { BACKUP_WEBHOOK_URL: `${url}/hook`, HTTP_PROXY: proxy.url } });
  expect(received.map(({ path }) => path)).toEqual(['/hook']);
  expect(proxy.asked).toEqual([`CONNECT ${new URL(url).host}`]);
});
