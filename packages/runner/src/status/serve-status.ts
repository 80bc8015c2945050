import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { BackupError } from '@geolens/backup-core';
import type { Config } from '../config/config.ts';
import type { CommandContext } from '../services.ts';
import { statusApp } from './status-app.ts';
import { StatusKeeper } from './status-keeper.ts';

interface StatusService {
  readonly url: string;
  /** Reads all stores again in the background, after a run has changed them. */
  readonly refresh: () => void;
  readonly close: () => Promise<void>;
}

/**
 * Serves the status over HTTP until it is closed.
 * @throws BackupError CONFIG_INVALID if the port is not available
 */
export async function serveStatus(
  context: CommandContext,
  { allowedHosts, ...at }: NonNullable<Config['http']>,
): Promise<StatusService> {
  const { log, redact } = context;
  const keeper = new StatusKeeper(context);
  const { url, close } = await listen(
    statusApp({ status: () => keeper.status(), log, redact, allowedHosts }),
    at,
  );
  log.info('http.listening', `how things stand is told at ${url}: /, /health, /metrics`, { url });
  const refresh = (): void => void keeper.refresh();
  refresh();
  return { url, refresh, close };
}

/** Runs need file descriptors of the same process, 1,024 by default. A client must not take them all. */
const MOST_CONNECTIONS = 64;

/** Requests have no body and few header lines. */
const LIMITS = {
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 8192,
};

export interface Listening {
  readonly url: string;
  /** Stops the server and closes all connections. */
  readonly close: () => Promise<void>;
}

/**
 * Listens on a port of this machine.
 * @throws BackupError CONFIG_INVALID if the process cannot listen on the port
 */
export async function listen(
  app: Hono,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listening> {
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions: LIMITS });
  server.maxConnections = MOST_CONNECTIONS;
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const why =
      {
        EADDRINUSE: 'something else listens there',
        EACCES: 'this user may not listen there',
        EADDRNOTAVAIL: 'this machine has no such address',
      }[code] ?? (error as Error).message;
    throw new BackupError(
      'CONFIG_INVALID',
      `BACKUP_HTTP_HOST="${host}" and BACKUP_HTTP_PORT="${port}" cannot be listened on: ${why}`,
      { cause: error, hint: 'Choose another port or address, or unset BACKUP_HTTP_PORT' },
    );
  }
  const address = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
    await closed;
  };
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`, close };
}
