import type { TestDatabase } from '../../../support/clusters.ts';

/** The database and all that restores have made of it, sorted: it, `…_before_…`, `…_restoring_…`. */
export async function related({
  client,
  database,
}: Pick<TestDatabase, 'client' | 'database'>): Promise<readonly string[]> {
  const name = `'${database.replaceAll("'", "''")}'`;
  const names = await client.psql(
    'postgres',
    `SELECT to_json(datname) FROM pg_database WHERE datname = ${name}
        OR datname ~ '_(before|restoring)_\\d{8}_\\d{6}$' AND starts_with(${name}, regexp_replace(datname, '_(before|restoring)_\\d{8}_\\d{6}$', ''))`,
  );
  return names === ''
    ? []
    : names
        .split('\n')
        .map((line) => JSON.parse(line) as string)
        .sort();
}

/** The names of the databases that a swap has kept. */
export async function kept(of: Pick<TestDatabase, 'client' | 'database'>): Promise<readonly string[]> {
  return (await related(of)).filter((name) => /_before_\d{8}_\d{6}$/.test(name));
}
