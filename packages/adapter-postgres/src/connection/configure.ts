import type pg from 'pg';

/** Settings that keep the server from ending a statement or a session that takes long. */
export const NO_TIMEOUTS = {
  statement_timeout: '0',
  lock_timeout: '0',
  transaction_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
};

/** What roles and databases may be set to, and what would end or forbid a restore half-way. */
export const UNHINDERED = { ...NO_TIMEOUTS, default_transaction_read_only: 'off' };

/** Sets what the server knows of these settings, for the rest of the session. */
export async function configure(
  client: pg.Client,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  await client.query(
    `SELECT pg_catalog.set_config(s.name, v.setting, false)
       FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS v (name, setting) JOIN pg_catalog.pg_settings s ON s.name = v.name`,
    [Object.keys(settings), Object.values(settings)],
  );
}
