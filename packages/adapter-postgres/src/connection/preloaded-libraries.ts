import type pg from 'pg';
import { oneRow } from './one-row.ts';

/**
 * Returns the libraries that the server loads at its start, without their folders; `undefined` if the role may
 * not read the setting.
 */
export async function preloadedLibrariesOf(client: pg.Client): Promise<readonly string[] | undefined> {
  const { rows } = await client.query<{ may: boolean }>(
    `SELECT pg_catalog.pg_has_role('pg_read_all_settings', 'USAGE') AS may`,
  );
  if (!oneRow(rows).may) return undefined;
  const setting = await client.query<{ libraries: string }>(
    `SELECT pg_catalog.current_setting('shared_preload_libraries') AS libraries`,
  );
  return oneRow(setting.rows)
    .libraries.split(',')
    .map((path) => /([^/]+?)(?:\.so)?$/.exec(path.trim().replaceAll('"', ''))?.[1] ?? '')
    .filter((name) => name !== '');
}
