import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A TCP proxy that goes silent: it keeps every connection open and passes nothing on any more. */
export interface SilentProxy {
  readonly port: number;
  /** Goes silent after so many more bytes from the one side. */
  silenceAfter(bytes: number, from: 'client' | 'server'): void;
}

/** Starts a proxy for the test that runs. */
export async function startSilentProxy(host: string, targetPort: number): Promise<SilentProxy> {
  let limit: { left: number; readonly from: 'client' | 'server' } | undefined;
  const sockets = new Set<Socket>();
  const pass = (from: 'client' | 'server', chunk: Buffer, to: Socket): void => {
    if (limit?.from === from) limit.left -= chunk.length;
    if (limit === undefined || limit.left > 0) to.write(chunk);
  };
  const server = createServer((client) => {
    const upstream = connect(targetPort, host);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => {
      pass('client', chunk, upstream);
    });
    upstream.on('data', (chunk: Buffer) => {
      pass('server', chunk, client);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    port: (server.address() as AddressInfo).port,
    silenceAfter: (bytes, from) => void (limit = { left: bytes, from }),
  };
}
