import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';

/** Passes TCP connections to an address of the engine's network on to a port of this machine's loopback. */
export async function relayTo(
  port: number,
  address: string,
): Promise<{ readonly endpoint: string; stop(): Promise<void> }> {
  const server = createServer((socket) => {
    const onward = connect(port, '127.0.0.1');
    socket.pipe(onward).pipe(socket);
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
  });
  server.listen(0, address);
  await once(server, 'listening');
  return {
    endpoint: `http://${address}:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}
