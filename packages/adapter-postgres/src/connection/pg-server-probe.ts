import type { ServerState, ServerProbe } from '@geolens/backup-core/internal';
import { connect, disconnect } from './connection.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { codeOf, connectionError } from './postgres-errors.ts';

const STARTING = '57P03';
/** Error codes if no server answers. An unknown name may be a container that has not started. */
const NOTHING = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
];

/** Connects to a PostgreSQL server, and disconnects again. */
export class PgServerProbe implements ServerProbe {
  private readonly settings: ConnectionSettings;

  constructor(settings: ConnectionSettings) {
    this.settings = settings;
  }

  async inspect(signal?: AbortSignal): Promise<ServerState> {
    signal?.throwIfAborted();
    try {
      await disconnect(await connect(this.settings, signal));
      return { server: 'answers' };
    } catch (error) {
      signal?.throwIfAborted();
      const errors = [error, ...(error instanceof AggregateError ? (error.errors as unknown[]) : [])];
      const codes = errors.map((one) => codeOf(one) ?? '');
      const silent =
        codes.some((code) => NOTHING.includes(code)) ||
        (error instanceof Error && /timeout expired|Query read timeout/.test(error.message));
      if (!codes.includes(STARTING) && !silent) return { server: 'answers' };
      return {
        server: codes.includes(STARTING) ? 'starting' : 'nothing',
        error: connectionError(error, this.settings),
      };
    }
  }
}
