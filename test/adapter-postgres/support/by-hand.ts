import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { ClusterClient } from '../../support/cluster-client.ts';
import { runProgram } from '../../support/run-program.ts';
import type { Place, Taken } from './producers.ts';

const TIMESTAMP = '20261122_020000';

/**
 * Executes, word for word, the commands that the documentation gives for a restore by hand beside the live
 * database. They make the database `geolens_restored` on the server of the client.
 * @throws Error with the owners that the documentation excludes from a restore by hand
 */
export async function restoreByHand(
  client: ClusterClient,
  { binDir }: Pick<Place, 'binDir'>,
  { dump, globals }: Pick<Taken, 'dump' | 'globals'>,
): Promise<void> {
  const text = await readFile(new URL('../../../docs/restore.md', import.meta.url), 'utf8');
  const [, guard, commands] = /\n## By hand\n[^]*?```sh\n([^]*?)```[^]*?```sh\n([^]*?)```/.exec(text)!;
  const folder = await mkdtemp(join(tmpdir(), 'geolens-backup-test-'));
  try {
    await writeFile(join(folder, `geolens_${TIMESTAMP}.dump`), dump);
    await writeFile(join(folder, `globals-${TIMESTAMP}.sql`), globals);
    const env = { ...client.environment, PATH: `${binDir}${delimiter}${process.env['PATH'] ?? ''}` };
    const run = (lines: string): ReturnType<typeof runProgram> =>
      runProgram('bash', ['-euo', 'pipefail', '-c', `cd '${folder}'\n${lines}`], { env });
    const owners = await run(`${guard!.trim()} || true`);
    if (owners !== '') throw new Error(`owners that are no superusers: ${owners}`);
    await run(commands!);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Restores a dump into a database, which has to be empty; rejects at the first error. */
export async function restoreInto(client: ClusterClient, database: string, dump: Uint8Array): Promise<void> {
  const name = `dbname='${database.replace(/['\\]/g, '\\$&')}'`;
  const folder = await mkdtemp(join(tmpdir(), 'geolens-backup-test-'));
  try {
    await writeFile(join(folder, 'dump'), dump);
    await client.run('pg_restore', [
      '--exit-on-error',
      '--no-owner',
      '--no-acl',
      '-d',
      name,
      join(folder, 'dump'),
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Rows of every table that is no extension's, counted one by one: lines of schema, name, number. */
export async function countedBy(client: ClusterClient, database: string): Promise<readonly string[]> {
  const lines = await client.psql(
    database,
    `SELECT format('SELECT %L, %L, count(*) FROM ONLY %I.%I', schemaname, tablename, schemaname, tablename)
       FROM pg_tables t JOIN pg_class c ON c.oid = format('%I.%I', schemaname, tablename)::regclass
      WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND c.relkind = 'r'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e') \\gexec`,
  );
  return lines.split('\n').sort();
}
