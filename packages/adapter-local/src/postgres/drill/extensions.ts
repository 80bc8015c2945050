import type pg from 'pg';
import type { Extension } from '@geolens/backup-core';

interface Available {
  readonly name: string;
  readonly version: string;
}

/** Which of the extensions that a dump needs this machine lacks, and of which it has an older version than the one that was dumped. */
export async function compareExtensions(client: pg.Client, needed: readonly string[], dumped: readonly Extension[], major: number): Promise<{ readonly lacking: readonly string[]; readonly warnings: readonly string[] }> {
  const { rows } = await client.query<Available>('SELECT name, default_version AS version FROM pg_catalog.pg_available_extensions');
  const available = new Map(rows.map(({ name, version }) => [name, version]));
  const lacking = [...new Set(needed)].filter((name) => !available.has(name));
  const older = dumped.filter(({ name, version }) => needed.includes(name) && isOlder(available.get(name), version));
  return {
    lacking: lacking.map((name) => `the extension ${name} is not installed for PostgreSQL ${major} on this machine. Install its package`),
    warnings: older.map(({ name, version }) => `extension ${name}: the backup was made with ${version}, this machine has ${available.get(name)!}`),
  };
}

function isOlder(version: string | undefined, than: string): boolean {
  return version !== undefined && version.localeCompare(than, 'en', { numeric: true }) < 0;
}
