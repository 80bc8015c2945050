import { readdir, rm } from 'node:fs/promises';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { connect, disconnect } from '../../packages/adapter-postgres/src/connection/connection.ts';
import { anyCluster } from '../support/clusters.ts';
import { startCluster } from '../support/postgres-cluster.ts';
import { everything, producerFor, within } from './support/producers.ts';
import { backupOf, restoring } from './support/restoring.ts';

it('resolves no name in a schema that others may create objects in, whatever role and databases are set to', async () => {
  const { binDir } = anyCluster();
  const cluster = await startCluster({ binDir });
  onTestFinished(() => cluster.stop());
  const folder = await mkdtemp(join(tmpdir(), 'operators-'));
  await chmod(folder, 0o777);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { host, port, user } = cluster;
  await cluster.createDatabase('app');
  await cluster.psql(
    'postgres',
    `CREATE ROLE evil LOGIN; ALTER ROLE "${user}" SET search_path = public, pg_catalog`,
  );
  // An operator that fits the arguments better than the built-in one: databases of before PostgreSQL 15 let
  // every role make it.
  const operators = `CREATE FUNCTION public.matches(l name, r name) RETURNS boolean LANGUAGE plpgsql AS $f$ BEGIN
      IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) current_user) THEN EXECUTE pg_catalog.format('COPY (SELECT 1) TO PROGRAM %L', 'cat > /dev/null; touch ${folder}/ran'); END IF;
      RETURN pg_catalog.namelike(l, r::pg_catalog.text); END $f$;
    CREATE OPERATOR public.~~ (LEFTARG = name, RIGHTARG = name, FUNCTION = public.matches);
    CREATE FUNCTION public.format(text, name, name) RETURNS text LANGUAGE plpgsql AS $f$ BEGIN
      IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) current_user) THEN EXECUTE pg_catalog.format('COPY (SELECT 1) TO PROGRAM %L', 'cat > /dev/null; touch ${folder}/ran'); END IF;
      RETURN pg_catalog.format($1, $2, $3); END $f$`;
  for (const database of ['postgres', 'template1', 'app']) {
    await cluster.psql(
      database,
      `GRANT CREATE ON SCHEMA public TO evil; SET SESSION AUTHORIZATION evil; ${operators}`,
    );
  }
  const ran = async (): Promise<readonly string[]> => {
    const files = await readdir(folder);
    for (const file of files) await rm(join(folder, file));
    return files;
  };
  await cluster.psql('postgres', `SELECT datname FROM pg_catalog.pg_database WHERE datname LIKE 'x'`);
  expect(await ran()).toEqual(['ran']); // the same query in a session that is not pinned

  const place = { host, port, user, binDir, database: 'app' };
  await within(producerFor(place), everything);
  const backup = await backupOf(place);
  await restoring(place, async (session) => {
    await (await session.restoreAside(backup)).swap();
  });
  expect(await ran()).toEqual([]);

  const client = await connect(place);
  onTestFinished(() => disconnect(client));
  expect((await client.query<{ search_path: string }>('SHOW search_path')).rows).toEqual([
    { search_path: '' },
  ]);
});
