import type pg from 'pg';
import { throwIfAborted } from '@geolens/backup-core';
import { connect, disconnect } from './connection.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { connectionError } from './postgres-errors.ts';

/** A session that ends when it is closed or when its signal fires. */
export interface Session {
  readonly client: pg.Client;
  /** Ends the session. Never fails. */
  close(): Promise<void>;
}

/**
 * Opens a session for work that outlives the call. The signal ends the session at once.
 * @throws ABORTED if the signal fires while the client connects; the BackupError of a failed connection
 */
export async function openSession(settings: ConnectionSettings, signal: AbortSignal): Promise<Session> {
  const client = await connect(settings, signal).catch((error: unknown) => {
    throwIfAborted(signal);
    throw connectionError(error, settings);
  });
  const leave = (): void => void disconnect(client);
  signal.addEventListener('abort', leave, { once: true });
  return {
    client,
    close() {
      signal.removeEventListener('abort', leave);
      return disconnect(client);
    },
  };
}

/**
 * Runs the work in a session of its own.
 * @throws ABORTED if the signal has fired, the BackupError of a failed connection, or the error of the work
 */
export async function withClient<T>(
  settings: ConnectionSettings,
  signal: AbortSignal,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const session = await openSession(settings, signal);
  try {
    throwIfAborted(signal); // it may have fired before the listener was added
    return await work(session.client);
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  } finally {
    await session.close();
  }
}
