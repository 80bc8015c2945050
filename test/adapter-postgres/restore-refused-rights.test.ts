import { describe, expect, it, onTestFinished } from 'vitest';
import type { RestoreInput } from '@geolens/backup-core';
import { type ClusterFacts, clusters, freshDatabase } from '../support/clusters.ts';
import { backupOf, restoring } from './support/restoring.ts';

/** Tables of another owner, with privileges, and the statement that makes the role. */
const OWNED = (
  role: string,
): string => `CREATE TABLE t (id int); CREATE TABLE u (id int); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
  ALTER TABLE t OWNER TO ${role}; ALTER FUNCTION f() OWNER TO ${role}; GRANT SELECT ON t, u TO pg_monitor; REVOKE ALL ON FUNCTION f() FROM PUBLIC`;

const RIGHTS = `SELECT relname, relowner::regrole::text, relacl::text FROM pg_class WHERE relname IN ('t', 'u')
  UNION ALL SELECT proname, proowner::regrole::text, proacl::text FROM pg_proc WHERE proname = 'f' ORDER BY 1`;

async function scene(
  facts: ClusterFacts,
): Promise<{ readonly database: Awaited<ReturnType<typeof freshDatabase>>; readonly role: string }> {
  const database = await freshDatabase(facts, { content: 'empty' });
  const role = `role_${database.database}`;
  onTestFinished(async () => {
    await database.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
  });
  await database.query(`CREATE ROLE ${role}`);
  await database.query(OWNED(role));
  return { database, role };
}

/** The backup with statements that the server refuses, in the sections of owners and grants. */
function withImpossibleRights(backup: RestoreInput): RestoreInput {
  const globals = backup.globals!;
  const open = async function* (): AsyncGenerator<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of globals.open()) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    yield Buffer.from(
      `${text.replace('-- Section: grants\n', '\nALTER TABLE public.gone OWNER TO pg_monitor;\n$&')}\nGRANT SELECT ON TABLE public.t TO nobody_here;\n`,
    );
  };
  return { ...backup, globals: { ...globals, open } };
}

describe.each(clusters())('rights that a server of $title refuses', (facts) => {
  it('are listed after a restore in place, and all others take effect', async () => {
    const { database } = await scene(facts);
    const rights = await database.query(RIGHTS);
    const backup = withImpossibleRights(await backupOf(database));
    await database.query('REVOKE ALL ON t, u FROM pg_monitor');
    const { incomplete, notes } = await restoring(database, (session) => session.restoreInPlace(backup));
    expect(incomplete).toEqual([
      '`ALTER TABLE public.gone OWNER TO pg_monitor;` failed: relation "public.gone" does not exist',
      '`GRANT SELECT ON TABLE public.t TO nobody_here;` failed: role "nobody_here" does not exist',
    ]);
    expect(notes.join()).toMatch(/other owners and grants as in the backup; \d+ rights asserted/);
    expect(await database.query(RIGHTS)).toBe(rights);
  });

  it('leave nothing where a grant is among them, in a new database', async () => {
    const { database } = await scene(facts);
    const backup = withImpossibleRights(await backupOf(database));
    await expect(restoring(database, (session) => session.restoreAside(backup))).rejects.toMatchObject({
      code: 'RESTORE_FAILED',
      message: expect.stringContaining(
        '(statement GRANT SELECT ON TABLE public.t TO nobody_here;)',
      ) as string,
    });
  });

  it('are listed where they are the owners of event triggers', async () => {
    const { database, role } = await scene(facts);
    await database.query(`ALTER ROLE ${role} SUPERUSER; CREATE FUNCTION log() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
      CREATE EVENT TRIGGER log ON sql_drop EXECUTE FUNCTION log(); ALTER EVENT TRIGGER log OWNER TO ${role}`);
    const backup = await backupOf(database);
    await database.query(`DROP EVENT TRIGGER log; ALTER ROLE ${role} NOSUPERUSER`);
    const aside = await restoring(database, async (session) => {
      const restored = await session.restoreAside(backup);
      await restored.discard();
      return restored;
    });
    expect(aside.incomplete).toEqual([
      expect.stringMatching(/^`ALTER EVENT TRIGGER log OWNER TO .*` failed: permission denied/),
    ]);
  });
});

describe.each(clusters())('a restore in place on $title', (facts) => {
  it('changes nothing where newer things need what it would drop', async () => {
    const { database } = await scene(facts);
    const everything = async (): Promise<string> =>
      `${await database.query(RIGHTS)}\n${await database.query('SELECT count(*), max(id) FROM t')}`;
    const backup = await backupOf(database);
    await database.query('INSERT INTO t VALUES (4711); CREATE VIEW newer AS SELECT id FROM t');
    const before = await everything();
    await expect(restoring(database, (session) => session.restoreInPlace(backup))).rejects.toMatchObject({
      code: 'RESTORE_FAILED',
      message: expect.stringContaining('cannot drop table') as string,
      hint: 'The live database is as it was',
      details: {},
    });
    expect(await everything()).toBe(before);
  });

  it('leaves owners and privileges as they were where it fails half-way', async () => {
    const { database } = await scene(facts);
    await database.query('ALTER TABLE u ADD CONSTRAINT key PRIMARY KEY (id)');
    const rights = await database.query(RIGHTS);
    const backup = await backupOf(database);
    await database.query('ALTER TABLE u RENAME TO renamed'); // which keeps its index
    await expect(restoring(database, (session) => session.restoreInPlace(backup))).rejects.toMatchObject({
      details: { reason: 'live-database-mixed' },
    });
    expect(await database.query(RIGHTS)).toBe(rights);
  });
});
