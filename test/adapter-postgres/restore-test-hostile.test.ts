import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { isRoot } from '../../packages/system/test/support/folders.ts';
import { anyCluster, freshDatabase, type TestDatabase } from '../support/clusters.ts';
import {
  assertionsIn,
  queryForFiles,
  restoreTestIn,
  restoreTestParent,
  leftIn,
  testedRestore,
  restored,
} from './support/restore-tests.ts';
import { backupOf } from './support/restoring.ts';

const facts = anyCluster();
const SECRET = 'words that only root may read';

/**
 * A database with a schema `app` that a role without attributes owns, and a folder `out` that every user may
 * write to.
 */
async function attackedDatabase(): Promise<{
  readonly database: TestDatabase;
  readonly out: string;
  readonly parent: string;
}> {
  const [parent, out, role] = [
    await restoreTestParent(),
    await restoreTestParent(),
    `app_${randomUUID().slice(0, 8)}`,
  ];
  await chmod(out, 0o777);
  let drop = (): Promise<void> => Promise.resolve();
  onTestFinished(() => drop()); // after the database
  const database = await freshDatabase(facts, { content: 'empty' });
  drop = async () => {
    await database.client.psql('postgres', `DROP ROLE ${role}`);
  };
  await database.query(
    `CREATE ROLE ${role}; CREATE SCHEMA app AUTHORIZATION ${role}; GRANT CREATE ON SCHEMA public TO ${role}; CREATE EXTENSION postgis`,
  );
  return {
    database: { ...database, query: (sql) => database.query(`SET ROLE ${role}; ${sql}`) },
    out,
    parent,
  };
}

/**
 * A table of a superuser whose check runs a shell script in the temporary server: what the cage holds in, even if
 * code of other roles gets no rights.
 */
async function withScript(
  { database, out }: { readonly database: TestDatabase; readonly out: string },
  script: string,
): Promise<void> {
  await writeFile(join(out, 'script'), script, { mode: 0o644 });
  await database.query(`RESET ROLE; CREATE FUNCTION app.act() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
      IF pg_catalog.current_setting('port') = '1' THEN COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; sh ${out}/script'; END IF;
      RETURN true;
    END $$;
    CREATE TABLE app.trap (a integer CHECK (app.act())); INSERT INTO app.trap VALUES (1)`);
}

describe.runIf(isRoot)('a dump whose functions run programs as the server’s user', () => {
  const COMMANDS = [
    'touch ../made',
    'mkdir ../made',
    'ls ..',
    'ls ../..',
    'ls /proc/self/fd/3/',
    'touch ../../made',
    'touch /proc/self/fd/3/made',
    'mv ../../c ../../other',
    'rmdir ../../c',
    'ln -s /etc/passwd ../link',
    'mv ../alive ../other',
    'cp script-of-none ../alive',
    'mv ../d ../other',
    'rmdir ../d',
    'chmod 0777 ..',
    'cat ../server.log',
  ];

  it('changes no entry of the folder but `data`, and a link there is not followed when it is removed', async () => {
    const attacked = await attackedDatabase();
    const { out, parent } = attacked;
    await mkdir(join(out, 'canary'));
    await writeFile(join(out, 'canary', 'precious'), 'x');
    for (const name of ['canary', 'canary/precious']) await chmod(join(out, name), 0o777);
    const each = COMMANDS.map(
      (command) => `${command} && echo 'done: ${command}' || echo 'refused: ${command}'`,
    );
    await writeFile(join(out, 'script-of-none'), '');
    await withScript(
      attacked,
      `exec >${out}/result 2>${out}/errors\n${each.join('\n').replace('script-of-none', `${out}/script-of-none`)}\nln -s ${out}/canary link\n`,
    );
    await restored(restoreTestIn(parent, facts), await backupOf(attacked.database));
    const result = (await readFile(join(out, 'result'), 'utf8')).trim().split('\n');
    expect(result.filter((line) => !line.startsWith('refused'))).toEqual([]);
    expect(result).toHaveLength(COMMANDS.length);
    expect(await readFile(join(out, 'canary', 'precious'), 'utf8')).toBe('x');
    expect(await leftIn(parent)).toEqual([]);
  });

  it('makes nothing but the text of the server’s own log appear in the report', async () => {
    const attacked = await attackedDatabase();
    const { out, parent } = attacked;
    await writeFile(join(out, 'secret'), SECRET, { mode: 0o600 });
    // The session that restores lives as long as the script: the server is seen to have ended before.
    await withScript(
      attacked,
      `rm -f ../server.log; ln -s ${out}/secret ../server.log; kill -KILL $(head -n 1 postmaster.pid); sleep 1\n`,
    );
    const testResult = await testedRestore(restoreTestIn(parent, facts), await backupOf(attacked.database));
    expect(testResult).toEqual({
      outcome: 'inconclusive',
      reasons: [expect.stringContaining('ready to accept connections')],
    });
    expect(JSON.stringify(testResult)).not.toContain(SECRET);
    expect(await leftIn(parent)).toEqual([]);
  });
});

/** Takes the place of the server's socket, asks the next client for its password, and writes that down. */
const LISTENER = `
unlink '.s.PGSQL.1'; umask 0;
my $socket = IO::Socket::UNIX->new(Local => '.s.PGSQL.1', Listen => 1); alarm 20;
my $client = $socket->accept; sysread $client, my $startup, 8192;
syswrite $client, pack('A N N', 'R', 8, 3); sysread $client, my $answer, 8192;
unlink '.s.PGSQL.1'; open my $file, '>', $ARGV[0]; print $file substr($answer, 5);`;

describe.runIf(isRoot)('a program of a dump that takes the place of the server', () => {
  it('gets no password that is meant for another server', async () => {
    const attacked = await attackedDatabase();
    const { out, parent } = attacked;
    await writeFile(join(out, 'listener'), LISTENER, { mode: 0o644 });
    await withScript(
      attacked,
      `perl -MIO::Socket::UNIX ${out}/listener ${out}/password </dev/null >/dev/null 2>&1 &\nsleep 0.5\n`,
    );
    const input = await backupOf(attacked.database);
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv('PGPASSWORD', SECRET);
    // With one job, the next client is not pg_restore, whose environment is empty, but this process.
    expect((await testedRestore(restoreTestIn(parent, facts, { jobs: 1 }), input)).outcome).toBe(
      'inconclusive',
    );
    expect(await readFile(join(out, 'password'), 'utf8')).toBe('none\0');
    expect(await leftIn(parent)).toEqual([]);
  });
});

describe('inspections of a restored database', () => {
  /** What a query marks itself with: the queries of other steps have to leave the trap alone. */
  const MARK = 'files query';

  /**
   * A spatial table with an index whose expression leaves a file behind when a superuser plans a spatial or a
   * files query.
   */
  async function trap({
    database,
    out,
  }: {
    readonly database: TestDatabase;
    readonly out: string;
  }): Promise<void> {
    await database.query(`CREATE FUNCTION app.grab(a integer) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN
        IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AND pg_catalog.current_query() ~ 'st_isempty|${MARK}' THEN
          COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; touch ${out}/ran';
        END IF;
        RETURN a;
      END $$;
      CREATE FUNCTION app.folded(a integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN app.grab(a); END $$;
      CREATE TABLE app.places (path text, shape public.geometry); INSERT INTO app.places VALUES ('a', 'POINT(1 2)');
      CREATE INDEX ON app.places ((app.folded(1)))`);
  }

  it('do not run functions of the dump as superuser, which a superuser’s same query does', async () => {
    const attacked = await attackedDatabase();
    const { database, out, parent } = attacked;
    await trap(attacked);
    for (const query of [
      `SELECT shape FROM ONLY app.places WHERE NOT public.st_isempty(shape) LIMIT 1`,
      `SELECT path FROM app.places -- ${MARK}`,
    ]) {
      await database.client.psql(database.database, `BEGIN READ ONLY; ${query}`);
      expect(await readdir(out), query).toEqual(['ran']);
      await rm(join(out, 'ran'));
    }
    const result = await restored(
      restoreTestIn(parent, facts, { filesQuery: queryForFiles(`SELECT path FROM app.places -- ${MARK}`) }),
      await backupOf(database),
    );
    expect(result).toMatchObject({ problems: [], unanswered: [], files: ['a'] });
    expect(result.facts).toContain('spatial query answered on app.places.shape');
    expect(await readdir(out)).toEqual([]);
  });

  it('leave out a spatial column whose table has a function that they may not execute', async () => {
    const attacked = await attackedDatabase();
    await trap(attacked);
    await attacked.database.query('REVOKE EXECUTE ON FUNCTION app.folded FROM PUBLIC');
    const { problems, facts: seen } = await restored(
      restoreTestIn(attacked.parent, facts),
      await backupOf(attacked.database),
    );
    expect(problems).toEqual([]);
    expect(seen.join()).not.toContain('spatial');
  });

  it.each([
    ['rows that row-level security hides', 'SELECT path FROM app.hidden', ['hidden']],
    ['a view', 'SELECT path FROM views.of_all ORDER BY 1', ['hidden', 'open']],
    ['a view with the rights of its reader', 'SELECT path FROM views.of_reader', ['open']],
    ['two schemas', 'SELECT o.path, h.path FROM app.open o CROSS JOIN views.more h', ['open']],
    ['a function that not everybody may execute', 'SELECT app.own()', ['own']],
    ['a table on the search path of the database', 'SELECT path FROM by_path', ['by path']],
    ['constants alone', `SELECT 'x', 'y' -- comment`, ['x']],
  ])('read for the files query %s', async (_, filesQuery, files) => {
    const { database, parent } = await attackedDatabase();
    await database.query(`CREATE TABLE app.hidden (path text); INSERT INTO app.hidden VALUES ('hidden');
      ALTER TABLE app.hidden ENABLE ROW LEVEL SECURITY; ALTER TABLE app.hidden FORCE ROW LEVEL SECURITY;
      CREATE TABLE app.open (path text); INSERT INTO app.open VALUES ('open');
      CREATE FUNCTION app.own() RETURNS text LANGUAGE sql AS $$ SELECT 'own' $$; REVOKE EXECUTE ON FUNCTION app.own FROM PUBLIC;
      RESET ROLE; CREATE SCHEMA views; CREATE TABLE views.more AS SELECT * FROM app.open;
      CREATE VIEW views.of_all AS SELECT path FROM app.hidden UNION ALL SELECT path FROM app.open;
      CREATE VIEW views.of_reader WITH (security_invoker = true) AS SELECT path FROM app.open;
      CREATE TABLE views.by_path AS SELECT 'by path' AS path; ALTER DATABASE ${database.database} SET search_path = views, public; REVOKE CONNECT ON DATABASE ${database.database} FROM PUBLIC`);
    const result = await restored(
      restoreTestIn(parent, facts, { filesQuery: queryForFiles(filesQuery) }),
      await backupOf(database),
    );
    expect({ files: result.files, unanswered: result.unanswered }).toEqual({ files, unanswered: [] });
  });
});

describe('an assertion', () => {
  /** What is done in the temporary server by a superuser, and by no other role. */
  const ESCAPE = (out: string): string =>
    `IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AND pg_catalog.current_setting('port') = '1' THEN
       COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; touch ${out}/ran'; END IF;`;

  it('runs no function of the dump as superuser, in no step', async () => {
    const { database, out, parent } = await attackedDatabase();
    await database.query(`CREATE FUNCTION app.act(a text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        ${ESCAPE(out)} RETURN true; END $$;
      CREATE FUNCTION app.folded(a text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN app.act(a); END $$;
      CREATE FUNCTION app.fired() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN ${ESCAPE(out)} END $$;
      CREATE FUNCTION app.is_root() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RESET ROLE; RESET SESSION AUTHORIZATION;
        RETURN (SELECT pg_catalog.bool_or(rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication) FROM pg_catalog.pg_roles WHERE rolname IN (session_user, current_user)); END $$;
      CREATE DOMAIN app.checked AS text CHECK (app.act(VALUE));
      CREATE DOMAIN app.name AS text CHECK (app.act(VALUE));
      CREATE TABLE app.places (path text); INSERT INTO app.places VALUES ('a'); CREATE INDEX ON app.places ((app.folded('x')));
      RESET ROLE; CREATE EVENT TRIGGER fired ON ddl_command_start EXECUTE FUNCTION app.fired(); ALTER EVENT TRIGGER fired ENABLE ALWAYS;
      ALTER DATABASE ${database.database} SET search_path = app, pg_catalog`);
    const assertions = await assertionsIn(`
      SELECT FROM app.places WHERE NOT app.act(path);
      SELECT FROM places WHERE path = 'b';
      -- literals over domains are checked when the query is analysed
      SELECT FROM app.places WHERE path = ANY ('{b,c}'::app.checked[]);
      SELECT FROM places WHERE path = ANY ('{b,c}'::name[]);
      SELECT WHERE app.is_root()`);
    const result = await restored(restoreTestIn(parent, facts, { assertions }), await backupOf(database));
    expect(result).toMatchObject({ problems: [], unanswered: [], assertionsHeld: 5 });
    expect(await readdir(out)).toEqual([]);
  });

  it('reads tables that it names, not those that a function of the dump reads', async () => {
    const { database, parent } = await attackedDatabase();
    await database.query(`RESET ROLE; CREATE TABLE public.secret AS SELECT '${SECRET}' AS word; CREATE TABLE app.places (path text);
      CREATE FUNCTION app.take() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM FROM public.secret; RETURN true; END $$`);
    const assertions = await assertionsIn(
      'SELECT FROM app.places WHERE path IN (SELECT word FROM public.secret); SELECT WHERE app.take()',
    );
    const { unanswered, assertionsHeld } = await restored(
      restoreTestIn(parent, facts, { assertions }),
      await backupOf(database),
    );
    expect([unanswered, assertionsHeld]).toEqual([
      [expect.stringContaining('permission denied for table secret')],
      1,
    ]);
  });

  it('that a function of the dump keeps from ending does not keep the restore test from it', async () => {
    const { database, parent } = await attackedDatabase();
    await database.query(`CREATE FUNCTION app.wait() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        LOOP BEGIN PERFORM pg_catalog.pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$;
      CREATE DOMAIN app.endless AS text CHECK (app.wait())`);
    const assertions = await assertionsIn(
      `SELECT WHERE app.wait(); SELECT WHERE 'a' = ANY ('{b}'::app.endless[]); SELECT pg_catalog.pg_sleep(60); SELECT WHERE false`,
    );
    const result = await restored(
      restoreTestIn(parent, facts, { assertions: { ...assertions, timeout: 500 } }),
      await backupOf(database),
    );
    expect(result.unanswered).toEqual([
      expect.stringContaining('assertion 1 could not be evaluated: no answer within 0.5 s'),
      expect.stringContaining('assertion 2 could not be evaluated: no answer within 0.5 s'),
      expect.stringContaining(
        'assertion 3 could not be evaluated: canceling statement due to statement timeout',
      ),
    ]);
    expect(result).toMatchObject({ problems: [], assertionsHeld: 1 });
    expect(await leftIn(parent)).toEqual([]);
  });
});
