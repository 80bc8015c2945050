import { expect, it } from 'vitest';
import { anyCluster } from '../support/clusters.ts';
import type { Cluster } from '../support/postgres-cluster.ts';
import { ownServer, placeOn } from './support/own-server.ts';
import { backupOf, restoring } from './support/restoring.ts';

async function server(): Promise<Cluster> {
  const cluster = await ownServer(anyCluster());
  await cluster.createDatabase('app');
  return cluster;
}

const OWNER = `SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'public'`;

it('a schema public that was made again keeps its owner', async () => {
  const [source, target] = [await server(), await server()];
  await source.psql('app', `CREATE ROLE boss; DROP SCHEMA public; CREATE SCHEMA public AUTHORIZATION boss`);
  const ofRole = await backupOf(placeOn(source));
  await restoring(placeOn(target), async (session) => {
    await (await session.restoreAside(ofRole)).swap();
  });
  expect(await target.psql('app', OWNER)).toBe('boss');

  // The superuser that the server was made with gets a name that the target does not have.
  await source.psql(
    'app',
    `CREATE ROLE renaming SUPERUSER; SET SESSION AUTHORIZATION renaming; ALTER ROLE ${source.user} RENAME TO old_root; CREATE ROLE ${source.user} SUPERUSER LOGIN;
     DROP SCHEMA public; SET SESSION AUTHORIZATION old_root; CREATE SCHEMA public; CREATE TABLE public.t (id int)`,
  );
  const ofSuperuser = await backupOf(placeOn(source));
  await restoring(placeOn(target), async (session) => {
    await (await session.restoreAside(ofSuperuser)).swap();
  });
  expect(await target.psql('app', OWNER)).toBe(target.user);
});
