import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { listen, type Listening } from '../../src/status/serve-status.ts';
import { statusApp } from '../../src/status/status-app.ts';

async function listening(): Promise<Listening & { readonly port: number }> {
  const app = statusApp({
    status: () => Promise.reject(new Error('the status is secret')),
    log: { warn: () => undefined } as never,
    redact: (words) => words,
    allowedHosts: ['backup.example'],
  });
  const made = await listen(app, { host: '127.0.0.1', port: 0 });
  onTestFinished(made.close);
  return { ...made, port: Number(new URL(made.url).port) };
}

it('a peer that sends half a request many times takes few descriptors, and loses them after seconds', async () => {
  const { port, url } = await listening();
  const sockets: Socket[] = [];
  for (let count = 0; count < 200; count += 1) {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: x\r\nX-a: '));
    socket.on('error', () => undefined).resume();
    sockets.push(socket);
  }
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  const open = (): number => sockets.filter(({ closed }) => !closed).length;
  await expect.poll(open, { timeout: 3000 }).toBeLessThanOrEqual(64);
  const drip = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write('b');
  }, 500);
  onTestFinished(() => {
    clearInterval(drip);
  });
  await expect.poll(open, { timeout: 9000 }).toBe(0);
  expect((await fetch(`${url}/style.css`)).status).toBe(200);
});

it('a name of another site is answered with 421 and nothing else', async () => {
  const { port } = await listening();
  const ask = async (host: string): Promise<readonly [number | undefined, string]> => {
    const asked = request({ port, host: '127.0.0.1', path: '/health', headers: { host } }).end();
    const [answer] = (await once(asked, 'response')) as [import('node:http').IncomingMessage];
    return [answer.statusCode, await text(answer)];
  };
  const refused = [421, 'This name is not in BACKUP_HTTP_ALLOWED_HOSTS\n'];
  expect(await ask('evil.example')).toEqual(refused);
  expect(await ask(`127.0.0.1.evil.example:${port}`)).toEqual(refused);
  for (const host of ['backup.example', 'localhost', `127.0.0.1:${port}`])
    expect((await ask(host))[0]).toBe(503);
});
