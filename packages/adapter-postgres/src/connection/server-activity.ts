import { APPLICATION_NAME } from './program-connection.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { withClient } from './session.ts';

/** Returns the size of a database. */
export const DATABASE_SIZE = 'SELECT pg_catalog.pg_database_size($1)';

/**
 * Our session works if it is active and does not wait for its client. Any change between two calls is work
 * too: a short query leaves no other trace. Measuring a database is none.
 */
const ACTIVITY = `
  SELECT pg_catalog.count(*) FILTER (WHERE state = 'active' AND wait_event_type IS DISTINCT FROM 'Client') > 0 AS working,
         pg_catalog.concat(pg_catalog.string_agg(pg_catalog.concat_ws(' ', pid, state, query_start, state_change), ',' ORDER BY pid)) AS seen
    FROM pg_catalog.pg_stat_activity
   WHERE application_name = $1 AND query <> $2 AND usename = current_user AND pid <> pg_catalog.pg_backend_pid()`;

/** Progress of COPY. Servers before 14 do not report it: there, every write on the server counts. */
const COPIED = `
  SELECT CASE WHEN pg_catalog.to_regclass('pg_catalog.pg_stat_progress_copy') IS NULL
              THEN 'SELECT pg_catalog.pg_current_wal_insert_lsn()::pg_catalog.text AS seen'
              ELSE 'SELECT pg_catalog.sum(bytes_processed)::pg_catalog.text AS seen FROM pg_catalog.pg_stat_progress_copy' END AS sql`;

/** Distinguishes work that sends nothing, such as CREATE INDEX or a wait for a lock, from a silent server. */
export class ServerActivity {
  private readonly settings: ConnectionSettings;
  private last: string | undefined;

  /** @param settings of a database that accepts one more session at any time */
  constructor(settings: ConnectionSettings) {
    this.settings = settings;
  }

  /** Returns whether sessions of this program work, or have worked since the last call. */
  async isWorking(signal: AbortSignal): Promise<boolean> {
    return withClient(this.settings, signal, async (client) => {
      const [activity] = (
        await client.query<{ readonly working: boolean; readonly seen: string }>(ACTIVITY, [
          APPLICATION_NAME,
          DATABASE_SIZE,
        ])
      ).rows;
      const [how] = (await client.query<{ sql: string }>(COPIED)).rows;
      const [copied] = (await client.query<{ seen: string | null }>(how?.sql ?? 'SELECT NULL AS seen')).rows;
      const seen = `${activity?.seen ?? ''} ${copied?.seen ?? ''}`;
      const changed = this.last !== undefined && this.last !== seen;
      this.last = seen;
      return changed || activity?.working === true;
    });
  }
}
