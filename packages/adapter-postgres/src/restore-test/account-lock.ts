import { createServer } from 'node:net';
import { once } from 'node:events';
import type { Account } from './account.ts';

/**
 * Claims an account for this process. The claim is an abstract Unix socket: it needs no file, and the system
 * removes it when the process ends, however it ends.
 * @returns a function that gives the account up, or `undefined` if another restore test has it
 */
export async function lockAccount({ name, uid }: Account): Promise<(() => Promise<void>) | undefined> {
  const server = createServer((client) => client.destroy());
  server.listen(`\0${name}-${uid}`);
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
  server.unref();
  return async () => {
    server.close();
    await once(server, 'close');
  };
}
