import type pg from 'pg';
import { connect, disconnect } from '../connection/connection.ts';
import type { ConnectionSettings } from '../connection/connection-settings.ts';
import { connectionError } from '../connection/postgres-errors.ts';

/**
 * Connects, runs the work, and disconnects, at once when the signal fires.
 * @throws what the work throws, or the BackupError of a connection that failed
 */
export async function connected<T>(
  settings: ConnectionSettings,
  signal: AbortSignal,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connect(settings, signal).catch((error: unknown) => {
    throw connectionError(error, settings);
  });
  const leave = (): void => void disconnect(client);
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await work(client);
  } finally {
    signal.removeEventListener('abort', leave);
    await disconnect(client);
  }
}
