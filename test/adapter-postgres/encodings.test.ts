import { describe, expect, it, onTestFinished } from 'vitest';
import { clusters, freshDatabase, type ClusterFacts, type TestDatabase } from '../support/clusters.ts';
import type { Cluster } from '../support/cluster.ts';
import type { ClusterClient } from '../support/cluster-client.ts';
import { startCluster } from '../support/postgres-cluster.ts';
import { parseGlobals } from '../../packages/adapter-postgres/src/restore/globals/globals.ts';
import { everything, linesOf, producerFor, within, type Place, type Taken } from './support/producers.ts';
import { backupOf, restoring } from './support/restoring.ts';

/** A server of its own: every database sees the names of roles. */
async function ownServer(facts: ClusterFacts): Promise<Place & { readonly cluster: Cluster }> {
  const cluster = await startCluster({ binDir: facts.binDir });
  onTestFinished(() => cluster.stop());
  const { host, port, user, binDir } = cluster;
  await cluster.psql('postgres', `CREATE DATABASE raw TEMPLATE template0 ENCODING SQL_ASCII LOCALE 'C'`);
  await bytesIn(
    cluster.client,
    'raw',
    `CREATE ROLE "${OWNER}";
     CREATE TABLE "caf\xe9" ("\xe0" text DEFAULT 'd\xe9faut', id int); INSERT INTO "caf\xe9" VALUES ('\xff\xfe', 1), ('b', 2);
     CREATE TABLE "caf\xe8" (id int); INSERT INTO "caf\xe8" VALUES (1); CREATE TABLE "gr\xc3\xbcn" (id int);
     COMMENT ON TABLE "caf\xe9" IS 'caf\xe9'; ALTER TABLE "caf\xe9" OWNER TO "${OWNER}"; GRANT SELECT ON "caf\xe8" TO "${OWNER}";
     CREATE FUNCTION "f\xe9"() RETURNS text LANGUAGE sql AS $f$ SELECT '\xe9' $f$; ALTER FUNCTION "f\xe9"() OWNER TO "${OWNER}";
     CREATE VIEW v AS SELECT '\xe9'::text AS x; COMMENT ON DATABASE raw IS 'c\xf6mment'`,
  );
  return { host, port, user, binDir, database: 'raw', cluster };
}

const OWNER = 'The owner';

/** No database but one in SQL_ASCII can make or name it. */
const FOREIGN_ROLE = 'r\xf4le';

async function databaseIn(facts: ClusterFacts, encoding: string): Promise<TestDatabase> {
  const database = await freshDatabase(facts, { content: 'empty' });
  await database.client.psql(
    'postgres',
    `DROP DATABASE "${database.database}"; CREATE DATABASE "${database.database}" TEMPLATE template0 ENCODING ${encoding} LOCALE 'C'`,
  );
  return database;
}

/** Runs SQL whose characters from U+0080 to U+00FF are sent as one byte each. */
function bytesIn(client: ClusterClient, database: string, sql: string): Promise<string> {
  const hex = Buffer.from(sql, 'latin1').toString('hex');
  return client.psql(
    database,
    `DO $x$ BEGIN EXECUTE convert_from('\\x${hex}', getdatabaseencoding()); END $x$`,
  );
}

async function taken(database: Place): Promise<Taken & { readonly warnings: readonly string[] }> {
  return within(producerFor(database), async (snapshot, producer) => ({
    ...(await everything(snapshot, producer)),
    warnings: snapshot.warnings(),
  }));
}

describe.each(clusters())('a SQL_ASCII database of $title', (facts) => {
  const FOUND = `SELECT encode(convert_to(string_agg(line, '; ' ORDER BY line), 'SQL_ASCII'), 'hex') FROM (
      SELECT concat_ws(' ', relname, pg_get_userbyid(relowner), relacl, obj_description(oid, 'pg_class')) FROM pg_class WHERE relnamespace = 'public'::regnamespace
      UNION ALL SELECT concat_ws(' ', proname, prosrc, pg_get_userbyid(proowner)) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
      UNION ALL SELECT pg_get_viewdef('v'::regclass)
      UNION ALL SELECT concat_ws(' ', setconfig) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase WHERE datname = current_database()
      UNION ALL SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()) AS found (line)`;

  it('is dumped with bytes that are not UTF-8, in names, texts and globals', async () => {
    const place = await ownServer(facts);
    await bytesIn(place.cluster.client, 'raw', `ALTER DATABASE raw SET geolens.note = 'n\xf6te'`);
    const { counts, globalsBytes, warnings } = await taken(place);
    expect(linesOf(counts)).toEqual(['public|caf\\xE8|1', 'public|caf\\xE9|2', 'public|grün|0']);
    expect(globalsBytes.toString('latin1')).toContain(`ALTER TABLE public."caf\xe9" OWNER TO "${OWNER}";`);
    expect(globalsBytes.toString('latin1')).toContain(
      `GRANT SELECT ON TABLE public."caf\xe8" TO "${OWNER}";`,
    );
    expect(globalsBytes.toString('latin1')).toContain('c\xf6mment');
    expect(globalsBytes.toString('latin1')).toContain('n\xf6te');
    expect(warnings).toEqual([]);
  });

  it('is restored byte for byte', async () => {
    const database = await ownServer(facts);
    const before = await database.cluster.psql('raw', FOUND);
    const backup = await backupOf(database);
    await restoring(database, async (session) => {
      const aside = await session.restoreAside(backup);
      expect(linesOf(aside.rows)).toEqual(['public|caf\\xE8|1', 'public|caf\\xE9|2', 'public|grün|0']);
      await session.finishSwap((await aside.swap()).previous, { drop: true });
    });
    expect(await database.cluster.psql('raw', FOUND)).toBe(before);
  });

  it('leaves the other databases of the server a dump, and its roles there a warning', async () => {
    const place = await ownServer(facts);
    await place.cluster.psql('postgres', 'CREATE TABLE t (id int); INSERT INTO t VALUES (1)');
    await bytesIn(
      place.cluster.client,
      'raw',
      `CREATE ROLE "${FOREIGN_ROLE}"; GRANT CONNECT ON DATABASE postgres TO "${FOREIGN_ROLE}"`,
    );
    const { counts, globals, warnings } = await taken({ ...place, database: 'postgres' });
    expect(linesOf(counts)).toEqual(['public|t|1']);
    expect(parseGlobals(globals)).toMatchObject({ refused: [], isOurs: true, isIncomplete: true });
    expect(warnings).toEqual([
      expect.stringMatching(/GRANT CONNECT .* TO "r\\xF4le"/),
      expect.stringMatching(/^the globals lack the roles of the server: .*invalid byte sequence/),
    ]);
  });
});

describe.each(clusters())('a database of $title with a character that UTF-8 lacks', (facts) => {
  it.each([
    ['WIN1251', '\x98', '\xe9', 'й'],
    ['EUC_JP', '\xfe\xfe', '\xb3\xa4', '海'],
  ])('is dumped in %s, and what the globals lack is a warning', async (encoding, lacking, known, utf8) => {
    const database = await databaseIn(facts, encoding);
    await bytesIn(
      database.client,
      database.database,
      `CREATE TABLE t (x text DEFAULT '${lacking}'); INSERT INTO t VALUES ('${lacking}'); COMMENT ON TABLE t IS '${lacking}';
       CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $f$ SELECT '${lacking}' $f$;
       CREATE TABLE "a${known}" (x int); GRANT SELECT ON "a${known}" TO PUBLIC; CREATE TABLE "b${lacking}" (x int);
       ALTER DATABASE "${database.database}" SET geolens.note = '${known}'`,
    );
    const { counts, globals, warnings } = await taken(database);
    const escaped = Buffer.from(lacking, 'latin1').toString('hex').toUpperCase().replaceAll(/../g, '\\x$&');
    expect(linesOf(counts)).toEqual([`public|a${utf8}|0`, `public|b${escaped}|0`, 'public|t|1']);
    expect(globals).toContain(`GRANT SELECT ON TABLE public."a${utf8}" TO PUBLIC;`);
    expect(globals).toContain(`'${utf8}'`);
    expect(globals).not.toContain('\ufffd');
    expect(warnings).toEqual([]);
    await bytesIn(
      database.client,
      database.database,
      `COMMENT ON DATABASE "${database.database}" IS '${lacking}'`,
    );
    const again = await taken(database);
    expect(again.warnings).toEqual([expect.stringContaining('COMMENT ON DATABASE')]);
    expect(again.globals).toContain(`'${utf8}'`);
  });
});
