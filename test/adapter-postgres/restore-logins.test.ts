import { describe, expect, it } from 'vitest';
import { newestCluster } from '../support/clusters.ts';
import type { Cluster } from '../support/postgres-cluster.ts';
import { ownServer, placeOn } from './support/own-server.ts';
import { backupOf, restoring } from './support/restoring.ts';

const LOGINS = `SELECT rolname FROM pg_roles WHERE rolname LIKE 'geolens%' ORDER BY 1`;

const GRANTS_OF_LOGINS = `SELECT datname FROM pg_database WHERE datacl::text LIKE '%geolens\\_restore\\_login%' UNION ALL SELECT nspname FROM pg_namespace WHERE nspacl::text LIKE '%geolens\\_restore\\_login%'`;

/** A database of a role that is no superuser, with a check that calls its function. */
async function server(content = ''): Promise<Cluster> {
  const cluster = await ownServer(newestCluster()[0]!);
  await cluster.createDatabase('app');
  await cluster.psql(
    'app',
    `CREATE ROLE app LOGIN; CREATE SCHEMA app AUTHORIZATION app; CREATE SCHEMA shared; GRANT USAGE, CREATE ON SCHEMA shared TO app;
     SET SESSION AUTHORIZATION app; CREATE FUNCTION app.small(a int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT a < 10';
     CREATE TABLE app.t (a int CHECK (app.small(a))); INSERT INTO app.t VALUES (1), (2); ${content}`,
  );
  return cluster;
}

async function onlySuperuserMayConnect(cluster: Cluster): Promise<void> {
  await cluster.psql(
    'postgres',
    `SELECT format('COPY (VALUES (%L), (%L)) TO %L', 'local all geolens trust', 'host all geolens samehost trust', current_setting('hba_file')) \\gexec
SELECT pg_reload_conf(), pg_sleep(0.5)`,
  );
}

describe('the logins over which code of a role is evaluated', () => {
  it('are gone after a restore, with all that they were granted', async () => {
    const cluster = await server();
    const backup = await backupOf(placeOn(cluster));
    await restoring(placeOn(cluster), async (session) => {
      await (await session.restoreAside(backup)).swap();
    });
    await restoring(placeOn(cluster), (session) => session.restoreInPlace(backup));
    await restoring(placeOn(cluster), (session) =>
      session.restoreTables(backup, { tables: ['app.t'], schemas: [] }),
    );
    expect(await cluster.psql('app', 'SELECT count(*) FROM app.t')).toBe('2');
    expect(await cluster.psql('app', LOGINS)).toBe('geolens');
    expect(await cluster.psql('app', GRANTS_OF_LOGINS)).toBe('');
  });

  it('are gone after a restore that failed', async () => {
    const cluster = await server();
    await cluster.psql(
      'app',
      `CREATE OR REPLACE FUNCTION app.small(a int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT a < 2'`,
    );
    const backup = await backupOf(placeOn(cluster));
    await expect(
      restoring(placeOn(cluster), (session) => session.restoreAside(backup)),
    ).rejects.toMatchObject({
      code: 'RESTORE_FAILED',
      message: expect.stringContaining('violates check constraint "t_a_check"') as string,
    });
    expect(await cluster.psql('app', LOGINS)).toBe('geolens');
  });

  it('that a killed restore has left are removed by the next, but no role that only looks like one', async () => {
    const cluster = await server();
    const comment = `'geolens-backup: login of a restore into app'`;
    await cluster.psql(
      'app',
      `CREATE ROLE geolens_restore_login_1 LOGIN; COMMENT ON ROLE geolens_restore_login_1 IS ${comment}; GRANT app TO geolens_restore_login_1;
       CREATE ROLE geolens_restore_login_2 LOGIN; COMMENT ON ROLE geolens_restore_login_2 IS ${comment}; CREATE TABLE public.given (a int); ALTER TABLE public.given OWNER TO geolens_restore_login_2;
       CREATE ROLE geolens_restore_login_3 LOGIN CREATEDB; COMMENT ON ROLE geolens_restore_login_3 IS ${comment};
       CREATE ROLE geolens_restore_login_4 LOGIN; COMMENT ON ROLE geolens_restore_login_4 IS 'geolens-backup: login of a restore into other'`,
    );
    const recovered = await restoring(placeOn(cluster), ({ recovered: found }) => Promise.resolve(found));
    expect(recovered).toEqual([
      'role geolens_restore_login_1, of a restore that was cut off',
      'role geolens_restore_login_2, of a restore that was cut off',
    ]);
    expect(await cluster.psql('app', LOGINS)).toBe(
      'geolens\ngeolens_restore_login_3\ngeolens_restore_login_4',
    );
    expect(
      await cluster.psql('app', `SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'given'`),
    ).toBe('geolens');
  });

  it('that the server does not let in are named before anything is changed, with the rule to add', async () => {
    const cluster = await server();
    const backup = await backupOf(placeOn(cluster));
    const before = await cluster.psql('app', 'SELECT oid, datname FROM pg_database ORDER BY 1');
    await onlySuperuserMayConnect(cluster);
    for (const mode of ['restoreAside', 'restoreInPlace'] as const)
      await expect(restoring(placeOn(cluster), (session) => session[mode](backup))).rejects.toMatchObject({
        code: 'RESTORE_REFUSED',
        message: expect.stringContaining('temporary logins') as string,
        hint: expect.stringContaining('pg_hba.conf') as string,
        details: {},
      });
    expect(await cluster.psql('app', 'SELECT count(*) FROM app.t')).toBe('2');
    expect(await cluster.psql('postgres', 'SELECT oid, datname FROM pg_database ORDER BY 1')).toBe(before);
    expect(await cluster.psql('app', LOGINS)).toBe('geolens');
  });
});

it.each([
  ['is restored where it has no code', 'a int CHECK (a > 0 AND abs(a) < 10), b text DEFAULT now()', true],
  ['is refused where it changes something', "a int CHECK (nextval('app.s') > 0)", false],
  [
    'is refused where it executes a query',
    "a int CHECK (query_to_xml('SELECT 1', true, false, '') IS NOT NULL)",
    false,
  ],
  [
    'is refused where a text looks like a default',
    "a text CHECK (a <> ' DEFAULT ' AND nextval('app.s') > 0)",
    false,
  ],
  [
    'is refused where a line of a text looks like a column',
    "a text CHECK (a <> 'x\n    b integer DEFAULT ' AND nextval('app.s') > 0)",
    false,
  ],
  [
    'is refused where a name looks like a default',
    `"x DEFAULT " int, CHECK ("x DEFAULT " > nextval('app.s'))`,
    false,
  ],
])('what a server without logins would evaluate %s', async (_, columns, isRestored) => {
  const cluster = await ownServer(newestCluster()[0]!);
  await cluster.createDatabase('app');
  await cluster.psql(
    'app',
    `CREATE ROLE app LOGIN; CREATE SCHEMA app AUTHORIZATION app; SET SESSION AUTHORIZATION app; CREATE SEQUENCE app.s; CREATE TABLE app.t (${columns})`,
  );
  const backup = await backupOf(placeOn(cluster));
  await onlySuperuserMayConnect(cluster);
  const restore = restoring(placeOn(cluster), async (session) => {
    await (await session.restoreAside(backup)).discard();
  });
  if (isRestored) await restore;
  else await expect(restore).rejects.toMatchObject({ code: 'RESTORE_REFUSED' });
});

it('code that leaves something in the schema of another role meanwhile ends the restore', async () => {
  const cluster = await server(`
     CREATE FUNCTION app.plant() RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN CREATE FUNCTION shared.planted() RETURNS int LANGUAGE sql AS 'SELECT 1'; RETURN 1; EXCEPTION WHEN OTHERS THEN RETURN 1; END $$;
     CREATE FUNCTION app.one(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN app.plant(); END $$`);
  await cluster.psql(
    'app',
    `REVOKE CREATE ON SCHEMA shared FROM app; SET SESSION AUTHORIZATION app; SELECT app.one(1)`,
  );
  await cluster.psql(
    'app',
    `CREATE TABLE shared.t (a int, b int GENERATED ALWAYS AS (a + app.one(1)) STORED); ALTER TABLE shared.t OWNER TO app; DROP FUNCTION IF EXISTS shared.planted`,
  );
  const backup = await backupOf(placeOn(cluster));
  await expect(restoring(placeOn(cluster), (session) => session.restoreAside(backup))).rejects.toMatchObject({
    code: 'RESTORE_FAILED',
    message: 'code of the dump has made "planted" in schema "shared" while the dump was restored',
  });
});

it('tables with code of an owner that may not create in their schema are refused, with the privilege to grant', async () => {
  const cluster = await server(
    'CREATE TABLE shared.t (a int CHECK (app.small(a))); INSERT INTO shared.t VALUES (1)',
  );
  await cluster.psql('app', 'REVOKE CREATE ON SCHEMA shared FROM app');
  const backup = await backupOf(placeOn(cluster));
  const restore = (): Promise<unknown> =>
    restoring(placeOn(cluster), (session) =>
      session.restoreTables(backup, { tables: ['shared.t'], schemas: [] }),
    );
  await expect(restore()).rejects.toMatchObject({
    code: 'RESTORE_REFUSED',
    hint: expect.stringContaining('GRANT CREATE ON SCHEMA "shared" TO "app"') as string,
  });
  await cluster.psql('app', 'GRANT CREATE ON SCHEMA shared TO app; DELETE FROM shared.t');
  await restore();
  expect(await cluster.psql('app', 'SELECT count(*) FROM shared.t')).toBe('1');
});
