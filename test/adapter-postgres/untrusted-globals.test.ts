import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { RestoreInput } from '@geolens/backup-core';
import { readAll } from '@geolens/backup-core/testing';
import { anyCluster, freshDatabase, type TestDatabase } from '../support/clusters.ts';
import { backupOf, restoring } from './support/restoring.ts';

/** A backup with changed globals. */
async function forged(backup: RestoreInput, change: (globals: string) => string): Promise<RestoreInput> {
  const content = Buffer.from(change((await readAll(backup.globals!.open())).toString()));
  return {
    ...backup,
    privilegedRoles: false,
    globals: {
      bytes: content.length,
      open: async function* () {
        yield await Promise.resolve(content);
      },
    },
  };
}

async function databaseWithTable(): Promise<TestDatabase> {
  const database = await freshDatabase(anyCluster(), { content: 'empty' });
  await database.query('CREATE TABLE t (id int); INSERT INTO t VALUES (1)');
  return database;
}

it('executes nothing of globals but what a backup writes: not on this machine, not on the server', async () => {
  const database = await databaseWithTable();
  const folder = await mkdtemp(join(tmpdir(), 'forged-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const lines = [
    `\\! touch ${folder}/shell`,
    `\\o | touch ${folder}/pipe`,
    `COPY (SELECT 1) TO PROGRAM 'touch ${folder}/program';`,
    'DROP TABLE t;',
    `ALTER TABLE t ADD CHECK (pg_catalog.pg_read_file('x') IS NULL), OWNER TO ${database.user};`,
  ];
  const backup = await forged(await backupOf(database), (globals) =>
    globals.replace('-- Section: owners\n', `-- Section: owners\n${lines.join('\n')}\n`),
  );
  await restoring(database, async (session) => {
    const { estimatedProblems } = await session.inspect(backup, { kind: 'aside' });
    expect(estimatedProblems.join('\n')).toMatch(
      /5 statements that no backup writes, which are never executed: `\\! touch/,
    );
    const aside = await session.restoreAside(backup); // in spite of the doubts
    expect(aside.rows).toEqual([{ schema: 'public', table: 't', rows: 1 }]);
    await aside.discard();
  });
  expect(await readdir(folder)).toEqual([]);
});

it('makes roles of a set that others could have written without privileges over the server, and says which', async () => {
  const database = await databaseWithTable();
  const [evil, plain] = [`evil_${randomUUID().slice(0, 8)}`, `plain_${randomUUID().slice(0, 8)}`];
  onTestFinished(async () => {
    await database.query(`DROP ROLE IF EXISTS ${evil}; DROP ROLE IF EXISTS ${plain}`);
  });
  const roles = `CREATE ROLE ${evil};
ALTER ROLE ${evil} WITH SUPERUSER INHERIT CREATEROLE CREATEDB LOGIN REPLICATION BYPASSRLS PASSWORD 'SCRAM-SHA-256$4096:a$b:c' CONNECTION LIMIT 5;
ALTER ROLE ${evil} SET session_preload_libraries TO 'evil';
ALTER ROLE ${evil} SET work_mem TO '64MB';
CREATE ROLE ${plain};
ALTER ROLE ${plain} WITH NOSUPERUSER LOGIN;
GRANT ${database.user} TO ${evil};
GRANT pg_execute_server_program TO ${evil};
GRANT ${plain} TO ${evil};
`;
  const grants = `GRANT SELECT ON TABLE public.t TO ${evil};\nGRANT SELECT ON TABLE public.t TO ${plain};\n`;
  const backup = await forged(
    await backupOf(database),
    (globals) => `${globals.replace('-- Section: database\n', `${roles}-- Section: database\n`)}\n${grants}`,
  );
  const incomplete = await restoring(database, async (session) => {
    const { warnings } = await session.inspect(backup, { kind: 'aside' });
    expect(warnings.join('\n')).toContain('SUPERUSER');
    const aside = await session.restoreAside(backup);
    await aside.discard();
    return aside.incomplete;
  });
  const attributes = [
    'SUPERUSER',
    'CREATEROLE',
    'REPLICATION',
    'BYPASSRLS',
    'PASSWORD',
    'the setting session_preload_libraries',
    `membership in "${database.user}"`,
    'membership in "pg_execute_server_program"',
  ];
  expect(incomplete).toEqual(
    attributes.map((what) => expect.stringContaining(`role "${evil}": ${what} was left out`) as string),
  );
  expect(incomplete.join('\n')).not.toContain('SCRAM');
  const facts = (role: string): Promise<string> =>
    database.query(`SELECT rolsuper, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolpassword IS NULL, rolconfig,
    (SELECT string_agg(roleid::regrole::text, ',') FROM pg_auth_members WHERE member = a.oid) FROM pg_authid a LEFT JOIN (SELECT setrole, setconfig AS rolconfig FROM pg_db_role_setting WHERE setdatabase = 0) s ON s.setrole = a.oid WHERE rolname = '${role}'`);
  expect(await facts(evil)).toBe(`f|f|t|t|f|f|t|{work_mem=64MB}|${plain}`);

  await database.query(`DROP ROLE ${evil}; DROP ROLE ${plain}`);
  await restoring(database, async (session) => {
    const aside = await session.restoreAside({ ...backup, privilegedRoles: true });
    expect(aside.incomplete).toEqual([]);
    await aside.discard();
  });
  expect(await facts(evil)).toMatch(
    /^t\|t\|t\|t\|t\|t\|f\|\{.*session_preload_libraries=evil.*\}\|.*pg_execute_server_program/,
  );
});

it('leaves settings of the database out that load code, of a set that others could have written', async () => {
  const database = await databaseWithTable();
  await database.query(
    `ALTER DATABASE ${database.database} SET session_preload_libraries = 'auto_explain'; ALTER DATABASE ${database.database} SET work_mem = '8MB'`,
  );
  const backup = await backupOf(database);
  await database.query(
    `ALTER DATABASE ${database.database} RESET session_preload_libraries; ALTER DATABASE ${database.database} RESET work_mem`,
  );
  await restoring(database, async (session) => {
    const aside = await session.restoreAside({ ...backup, privilegedRoles: false });
    expect(aside.incomplete).toEqual([
      expect.stringContaining('the database: the setting session_preload_libraries was left out'),
    ]);
    const { previous } = await aside.swap();
    await session.finishSwap(previous, { drop: true });
  });
  expect(
    await database.query(
      `SELECT setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE datname = '${database.database}'`,
    ),
  ).toBe('{work_mem=8MB}');
});

it('gives nothing away by spellings that two readers could read differently, nor on objects of the server itself', async () => {
  const database = await databaseWithTable();
  const evil = `evil_${randomUUID().slice(0, 8)}`;
  onTestFinished(async () => {
    await database.query(`DROP ROLE IF EXISTS ${evil}; ALTER ROLE ${database.user} RESET ALL`);
  });
  const roles = `CREATE ROLE ${evil};
ALTER ROLE ${evil} WITH LOGIN PASSWORD 'x\\' SUPERUSER VALID UNTIL 'infinity';
ALTER ROLE ${evil} SET "auto_explain.log_min_duration" TO '0';
ALTER ROLE ${evil} SET "app.tenant" TO 'one';
CREATE ROLE ${database.user.toUpperCase()};
ALTER ROLE ${database.user.toUpperCase()} SET search_path TO 'evil', 'public';
`;
  const ofSuperuser = `DO $geolens$ BEGIN PERFORM pg_catalog.set_config('search_path', 'evil', true); EXECUTE pg_catalog.format('ALTER ROLE ${database.user} IN DATABASE %1$I SET search_path FROM CURRENT', pg_catalog.current_database()); END $geolens$;\n`;
  const grants = `GRANT SELECT ON TABLE pg_catalog.pg_authid TO ${evil};\nGRANT EXECUTE ON FUNCTION PG_CATALOG.pg_read_file(text) TO ${evil};\nGRANT SELECT ON TABLE public.t TO ${evil};\n`;
  const backup = await forged(
    await backupOf(database),
    (globals) =>
      `${globals.replace('-- Section: database\n', `${roles}-- Section: database\n${ofSuperuser}`)}\n${grants}`,
  );
  await restoring(database, async (session) => {
    const aside = await session.restoreAside(backup);
    const [target] = (
      await database.query(
        `SELECT datname FROM pg_database WHERE datname LIKE '%\\_restoring\\_%' AND starts_with(datname, '${database.database.slice(0, 30)}')`,
      )
    ).split('\n');
    const may = await database.client.psql(
      target!,
      `SELECT has_table_privilege('${evil}', 'pg_catalog.pg_authid', 'SELECT'), has_function_privilege('${evil}', 'pg_catalog.pg_read_file(text)', 'EXECUTE'), has_table_privilege('${evil}', 'public.t', 'SELECT')`,
    );
    expect(may).toBe('f|f|t');
    for (const what of [
      'SUPERUSER',
      'PASSWORD',
      'the setting auto_explain.log_min_duration',
      'pg_authid',
      'pg_read_file',
      `role "${database.user}" in the database: the setting search_path`,
    ])
      expect(aside.incomplete.join('\n')).toContain(what);
    await aside.discard();
  });
  expect(
    await database.query(`SELECT rolsuper, rolpassword IS NULL FROM pg_authid WHERE rolname = '${evil}'`),
  ).toBe('f|t');
  expect(
    await database.query(
      `SELECT coalesce(string_agg(setconfig::text, ','), '') FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole WHERE r.rolname IN ('${evil}', '${database.user}')`,
    ),
  ).toBe('{app.tenant=one}');
});
