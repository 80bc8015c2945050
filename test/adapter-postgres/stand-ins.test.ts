import { describe, expect, it } from 'vitest';
import { newestCluster } from '../support/clusters.ts';
import type { Cluster } from '../support/postgres-cluster.ts';
import { ownServer, placeOn } from './support/own-server.ts';
import { backupOf, restoring } from './support/restoring.ts';

const OWNERS = `SELECT relname, pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'app'::regnamespace) AND relkind IN ('r', 'm') ORDER BY 1`;

const server = (): Promise<Cluster> => ownServer(newestCluster()[0]!);

describe('objects of the superuser that another server was made with', () => {
  it('go to the restoring role, those of others to their owners, and the role that stood in is gone', async () => {
    const [source, target] = [await server(), await server()];
    await source.createDatabase('app');
    // The superuser that the server was made with gets another name, and another role its name.
    await source.psql(
      'app',
      `CREATE ROLE renaming SUPERUSER; SET SESSION AUTHORIZATION renaming; ALTER ROLE ${source.user} RENAME TO old_root; CREATE ROLE ${source.user} SUPERUSER LOGIN; SET SESSION AUTHORIZATION ${source.user}; DROP ROLE renaming`,
    );
    await source.psql(
      'app',
      `CREATE ROLE app LOGIN; CREATE SCHEMA app AUTHORIZATION app; SET ROLE old_root; CREATE TABLE public.ofroot (id int); INSERT INTO public.ofroot VALUES (1); GRANT SELECT ON public.ofroot TO app;
      SET SESSION AUTHORIZATION app; CREATE TABLE app.ofapp (id int); CREATE MATERIALIZED VIEW app.both AS SELECT id FROM public.ofroot`,
    );
    const backup = await backupOf(placeOn(source));
    await restoring(placeOn(target), async (session) => {
      await (await session.restoreAside(backup)).swap();
    });
    expect(await target.psql('app', OWNERS)).toBe(`both|app\nofapp|app\nofroot|${target.user}`);
    expect(await target.psql('app', 'SELECT id FROM app.both')).toBe('1');
    expect(
      await target.psql('postgres', `SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1`),
    ).toBe(`app\n${target.user}`);
  });

  it('are no roles whose objects have misleading names: such a role is never made a superuser', async () => {
    const [source, target] = [await server(), await server()];
    await source.createDatabase('app');
    await source.psql(
      'app',
      `CREATE ROLE app LOGIN; CREATE SCHEMA app AUTHORIZATION app; SET SESSION AUTHORIZATION app; CREATE TABLE app."t TO """ (id int); CREATE MATERIALIZED VIEW app."v TO """ AS
      SELECT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS super`,
    );
    const backup = await backupOf(placeOn(source));
    await target.psql('postgres', 'CREATE ROLE other'); // two owners: not all of it goes to the restoring role
    await restoring(placeOn(target), async (session) => {
      await (await session.restoreAside(backup)).swap();
    });
    expect(
      await target.psql(
        'app',
        'SELECT super FROM app."v TO """; SELECT rolsuper FROM pg_roles WHERE rolname = \'app\'',
      ),
    ).toBe('f\nf');
  });

  it('are given away by the next restore when one died, but a comment alone makes no stand-in', async () => {
    const target = await server();
    await target.createDatabase('app');
    const comment = `'geolens-backup: stands in for the owner of what is being restored'`;
    await target.psql(
      'app',
      `CREATE ROLE old_root SUPERUSER NOLOGIN; COMMENT ON ROLE old_root IS ${comment}; CREATE TABLE public.left_over (id int); ALTER TABLE public.left_over OWNER TO old_root;
      CREATE ROLE app NOLOGIN; COMMENT ON ROLE app IS ${comment}; CREATE TABLE public.of_app (id int); ALTER TABLE public.of_app OWNER TO app`,
    );
    const recovered = await restoring(placeOn(target), (session) => Promise.resolve(session.recovered));
    expect(recovered).toEqual(['role "old_root", of a restore that was cut off']);
    expect(
      await target.psql(
        'app',
        `SELECT relname, pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1`,
      ),
    ).toBe(`left_over|${target.user}\nof_app|app`);
  });
});
