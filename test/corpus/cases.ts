import { fileURLToPath } from 'node:url';
import type { Sql } from '../support/cluster-client.ts';
import { HOSTILE_SETTINGS, quotedValue } from '../support/hostile-settings.ts';
import { OBJECTS } from '../adapter-postgres/support/owners.ts';

/** A server that cases share. */
export interface CorpusServer {
  readonly title: string;
  readonly binDir: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** Whether the dump is taken from a hot standby of the server. */
  readonly standby?: true;
  /** Whether the databases of cases stay until the server stops. */
  readonly keepsDatabases?: true;
}

/** One database of the corpus, and how it is made. */
export interface CorpusCase {
  readonly group: string;
  readonly name: string;
  readonly server: CorpusServer;
  /** Defaults to a name of its own. */
  readonly database?: string;
  /** Options of `CREATE DATABASE`. */
  readonly options?: string;
  /** SQL, or `bytes`: SQL whose characters from U+0080 to U+00FF stand for one byte each. */
  readonly setup: readonly (Sql | { readonly bytes: string })[];
  /** Runs after the rows are counted, for what makes further sessions difficult. */
  readonly late?: string;
  /** Undoes, in the database `postgres`, what the case did to the server. */
  readonly undo?: string;
  /** Role that makes the dumps; defaults to the superuser. */
  readonly role?: string;
  /** Whether the server may refuse the database or the first part of `setup`; then the case has no result. */
  readonly optional?: true;
}

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const OBJECT_KINDS = { file: file('object-kinds.sql') };
const ROWS = 'CREATE TABLE t AS SELECT n AS id, md5(n::text) AS x FROM generate_series(1, 1000) n;';

export const objectKinds = (server: CorpusServer): CorpusCase => ({
  group: 'objects',
  name: 'one object of each kind',
  server,
  database: 'Ämter of "x".y',
  setup: [OBJECT_KINDS],
});

/** Objects that PostgreSQL keeps and `pg_restore` cannot make again, with a table that does not need them. */
const LOST_OBJECTS: Readonly<Record<string, string>> = {
  'materialized view over ts_stat of an unqualified table': `CREATE TABLE docs (body tsvector); INSERT INTO docs VALUES (to_tsvector('two words'));
    CREATE MATERIALIZED VIEW words AS SELECT word FROM ts_stat('SELECT body FROM docs')`,
  'generated column of a function without a search_path': `CREATE FUNCTION inner_f(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1; END';
    CREATE FUNCTION outer_f(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT inner_f(a)'; CREATE TABLE computed (a int, b int GENERATED ALWAYS AS (outer_f(a)) STORED); INSERT INTO computed VALUES (1)`,
  'generated column of a function that is gone': `CREATE FUNCTION inner_f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1'; CREATE FUNCTION outer_f(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN inner_f(a); END';
    CREATE TABLE computed (a int, b int GENERATED ALWAYS AS (outer_f(a)) STORED); DROP FUNCTION inner_f`,
  'orphan under a foreign key': `CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1); CREATE TABLE child (parent int REFERENCES parent); INSERT INTO child VALUES (1);
    SET session_replication_role = replica; DELETE FROM parent; RESET session_replication_role`,
  'check against the time': `CREATE TABLE timed (at timestamptz CHECK (at > now())); INSERT INTO timed VALUES (clock_timestamp() + '10 ms'); SELECT pg_sleep(0.1)`,
  'check that does not hold any more': `CREATE FUNCTION holds(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true'; CREATE TABLE checked (a int CHECK (holds(a))); INSERT INTO checked VALUES (1);
    CREATE OR REPLACE FUNCTION holds(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT false'`,
  'view that refers to itself': `CREATE VIEW looped AS SELECT 1 AS a; CREATE OR REPLACE VIEW looped AS SELECT a FROM looped`,
  'materialized view that divides by zero': `CREATE TABLE divided (a int); INSERT INTO divided VALUES (1); CREATE MATERIALIZED VIEW quotients AS SELECT 1 / a AS b FROM divided; UPDATE divided SET a = 0`,
};

export const lostObjects = (server: CorpusServer): readonly CorpusCase[] =>
  Object.entries(LOST_OBJECTS).map(([name, sql]) => ({
    group: 'objects that a plain restore loses',
    name,
    server,
    setup: [`${ROWS} ${sql}`],
  }));

export const onStandby = (server: CorpusServer): CorpusCase => ({
  ...objectKinds({ ...server, title: `${server.title}, hot standby`, standby: true }),
  group: 'standby',
});

export const manyTables = (server: CorpusServer, tables: number): CorpusCase => ({
  group: 'size',
  name: `${tables.toLocaleString('en')} tables`,
  server,
  setup: [
    `SELECT format('CREATE TABLE t%s (id serial PRIMARY KEY, x text DEFAULT %L); INSERT INTO t%s (x) VALUES (1), (2)', n, 'x', n)
       FROM generate_series(1, ${tables}) n \\gexec`,
  ],
});

export const plainOwner = (server: CorpusServer): CorpusCase => ({
  group: 'rights',
  name: 'owner without superuser',
  server,
  database: 'owned',
  role: 'plain_owner',
  setup: [
    `CREATE FOREIGN DATA WRAPPER wrapper; CREATE ROLE plain_owner LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB;
     GRANT USAGE ON FOREIGN DATA WRAPPER wrapper TO plain_owner; ALTER DATABASE owned OWNER TO plain_owner;
     SET SESSION AUTHORIZATION plain_owner; ${OBJECTS}`,
  ],
});

/** An encoding, a locale, and bytes that the encoding allows. */
const ENCODINGS: readonly (readonly [string, string, string])[] = [
  ['SQL_ASCII', "LOCALE 'C'", '\xe9\xff'],
  ['WIN1251', "LOCALE 'C'", '\xe9'],
  ['EUC_JP', "LOCALE 'C'", '\xb3\xa4'],
  ['LATIN1', "LOCALE 'C'", '\xe9'],
  ['UTF8', "LOCALE 'C'", '\xf0\x9f\x92\xbe'],
  ['LATIN1', "LOCALE 'de_DE'", '\xe9'],
  ['UTF8', "LOCALE 'en_US.UTF-8'", '\xc3\xa9'],
  ['UTF8', "LOCALE 'tr_TR.UTF-8'", '\xc3\xa9'],
  ['UTF8', "LOCALE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'de-DE'", '\xc3\xa9'],
  ['UTF8', "LOCALE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'tr-u-co-standard'", '\xc3\xa9'],
  ['UTF8', "LOCALE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'und' ICU_RULES '& a < g'", '\xc3\xa9'],
  ['UTF8', "LOCALE 'C.UTF-8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'", '\xc3\xa9'],
];

export const encodings = (server: CorpusServer): readonly CorpusCase[] =>
  ENCODINGS.map(([encoding, locale, x]) => ({
    group: 'encodings',
    name: `${encoding}, ${locale.replaceAll("'", '')}`,
    server,
    options: `ENCODING ${encoding} ${locale}`,
    optional: true,
    setup: [
      {
        bytes: `CREATE TABLE "t${x}" ("${x}" text DEFAULT '${x}', y text); INSERT INTO "t${x}" VALUES ('${x}', 'a${x}'), ('b', NULL);
          CREATE INDEX ON "t${x}" (lower(y)); COMMENT ON TABLE "t${x}" IS '${x}'; CREATE VIEW "v${x}" AS SELECT '${x}'::text AS x; CREATE SCHEMA "${x}";
          CREATE FUNCTION "f${x}"() RETURNS text LANGUAGE sql AS $f$ SELECT '${x}' $f$; CREATE TYPE "e${x}" AS ENUM ('${x}'); SELECT lo_from_bytea(0, '\\x00')`,
      },
    ],
  }));

/** A dump of 300 tables takes longer than these timeouts. */
const TIMEOUTS = [
  'statement_timeout',
  'idle_in_transaction_session_timeout',
  'transaction_timeout',
  'idle_session_timeout',
];
const SHORT = Object.fromEntries(TIMEOUTS.map((name) => [name, '50ms']));

function withSettings(
  server: CorpusServer,
  name: string,
  target: string,
  settings: Readonly<Record<string, string>>,
  tables: number,
): CorpusCase {
  // A server without the setting takes it as one of an extension's, by its prefix.
  const known = (setting: string): string =>
    `EXISTS (SELECT FROM pg_settings WHERE lower(name) = lower('${setting}'))`;
  const sql = Object.entries(settings).map(
    ([setting, value]) =>
      `SELECT $q$ALTER ${target} SET ${setting} = ${quotedValue(setting, value)}$q$ WHERE ${known(setting)} \\gexec\n`,
  );
  return {
    group: 'settings',
    name,
    server,
    database: 'settings',
    role: 'hostile',
    setup: [
      `SELECT 'CREATE ROLE hostile LOGIN SUPERUSER' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hostile') \\gexec
       CREATE SCHEMA trap; CREATE FUNCTION trap.format(text, VARIADIC text[]) RETURNS text LANGUAGE sql AS $$ SELECT 'trapped' $$; ${ROWS}
       SELECT format('CREATE TABLE t%s (id serial PRIMARY KEY)', n) FROM generate_series(1, ${tables}) n \\gexec`,
    ],
    late: `${sql.join('')} SELECT pg_reload_conf() \\gset`,
    undo: 'ALTER SYSTEM RESET ALL; SELECT pg_reload_conf(); SET default_transaction_read_only = off; ALTER ROLE hostile RESET ALL',
  };
}

export const hostileSettings = (server: CorpusServer): readonly CorpusCase[] =>
  ['ROLE hostile', 'DATABASE settings', 'ROLE hostile IN DATABASE settings', 'SYSTEM'].map((target) =>
    withSettings(server, `all of them: ${target}`, target, HOSTILE_SETTINGS, 10),
  );

export const eachSetting = (server: CorpusServer): readonly CorpusCase[] =>
  Object.entries({ ...HOSTILE_SETTINGS, ...SHORT }).map(([setting, value]) =>
    withSettings(server, `${setting} = ${value}`, 'ROLE hostile', { [setting]: value }, 300),
  );

/** What an extension needs beyond the objects that extension-use.sql makes of any: rows of its own tables. */
const USES: Readonly<Record<string, string>> = {
  address_standardizer_data_us: `INSERT INTO us_lex (seq, word, stdword, token, is_custom) VALUES (1, 'x', 'y', 1, true)`,
  orafce: `INSERT INTO utl_file.utl_file_dir (dir) VALUES ('/tmp')`,
  periods: `CREATE TABLE priced (id int, valid_from date, valid_to date); SELECT periods.add_period('priced', 'valid', 'valid_from', 'valid_to')`,
  pg_cron: `SELECT cron.schedule('job', '0 3 1 1 *', 'SELECT 1')`,
  pg_partman: `CREATE TABLE public.measured (at date NOT NULL, x int) PARTITION BY RANGE (at);
    SELECT create_parent('public.measured', 'at', 'native', 'daily'); INSERT INTO measured VALUES (current_date, 1)`,
  pglogical: `SELECT pglogical.create_node('node', 'dbname=x'); SELECT pglogical.create_replication_set('more')`,
  pgq: `SELECT pgq.create_queue('queue'); SELECT pgq.insert_event('queue', 'type', 'data')`,
  pointcloud: `INSERT INTO pointcloud_formats (pcid, srid, schema) VALUES (1, 0, '<?xml version="1.0"?><pc:PointCloudSchema xmlns:pc="http://pointcloud.org/schemas/PC/1.1">
    <pc:dimension><pc:position>1</pc:position><pc:size>4</pc:size><pc:name>X</pc:name><pc:interpretation>int32_t</pc:interpretation></pc:dimension>
    <pc:dimension><pc:position>2</pc:position><pc:size>4</pc:size><pc:name>Y</pc:name><pc:interpretation>int32_t</pc:interpretation></pc:dimension></pc:PointCloudSchema>');
    CREATE TABLE points (p pcpoint(1)); INSERT INTO points VALUES (pc_makepoint(1, ARRAY[1, 2]))`,
  postgis: `INSERT INTO spatial_ref_sys (srid, auth_name) VALUES (990001, 'ours'); CREATE TABLE places (at geometry(Point, 4326));
    INSERT INTO places VALUES ('SRID=4326;POINT(1 2)'); CREATE INDEX ON places USING gist (at)`,
  postgis_tiger_geocoder: `INSERT INTO tiger.geocode_settings (name, setting) VALUES ('ours', 'x')`,
  postgis_topology: `SELECT topology.CreateTopology('topo', 4326)`,
  repmgr: `INSERT INTO repmgr.nodes (node_id, node_name, type, conninfo, repluser, slot_name, config_file)
    VALUES (1, 'one', 'primary', 'host=x', 'x', 'x', 'x')`,
  vector: `CREATE TABLE items (e vector(3)); INSERT INTO items VALUES ('[1,2,3]'); CREATE INDEX ON items USING hnsw (e vector_l2_ops)`,
};

export const extension = (server: CorpusServer, name: string, version: string): CorpusCase => ({
  group: 'extensions',
  name: `${name} ${version}`.trim(),
  server,
  database: `x_${name}`,
  optional: true,
  setup: [
    `SET client_min_messages = error; ${ROWS} CREATE EXTENSION IF NOT EXISTS "${name}" CASCADE`,
    { file: file('extension-use.sql'), variables: { extension: name } },
    USES[name] ?? '',
  ],
});

export const allExtensions = (server: CorpusServer): CorpusCase => ({
  group: 'extensions',
  name: 'all of the server together',
  server,
  setup: [
    `SET client_min_messages = error; ${ROWS}
     DO $$ DECLARE each text; BEGIN
       FOR each IN SELECT name FROM pg_available_extensions ORDER BY name LOOP
         BEGIN EXECUTE format('CREATE EXTENSION IF NOT EXISTS %I CASCADE', each); EXCEPTION WHEN OTHERS THEN NULL; END;
       END LOOP;
     END $$;
     SELECT 1 / (count(*) > 10)::int AS enough FROM pg_extension \\gset`,
  ],
});
