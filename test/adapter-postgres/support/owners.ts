/** Objects of every kind that has an owner, made by whoever runs it; the rest takes a superuser. */
export const OBJECTS = `
  CREATE SCHEMA app; CREATE SCHEMA "Odd ""schema""";
  CREATE TYPE app.mood AS ENUM ('good', 'bad'); CREATE TYPE app.pair AS (a int, b text); CREATE TYPE app.span AS RANGE (subtype = int4);
  CREATE DOMAIN app.positive AS int CHECK (VALUE > 0);
  CREATE TABLE app.items (id serial PRIMARY KEY, n bigint GENERATED ALWAYS AS IDENTITY, mood app.mood, size app.positive);
  CREATE TABLE "Odd ""schema"""."Items; DROP" (LIKE app.items INCLUDING ALL);
  CREATE TABLE app.parts (at int) PARTITION BY RANGE (at); CREATE TABLE app.parts_one PARTITION OF app.parts DEFAULT; CREATE INDEX ON app.parts (at);
  CREATE TABLE app.child (more text) INHERITS (app.items);
  CREATE SEQUENCE app.free; CREATE VIEW app.seen AS SELECT id FROM app.items; CREATE MATERIALIZED VIEW app.kept AS SELECT id FROM app.items;
  CREATE FUNCTION app.secret(numeric(5,2), VARIADIC text[]) RETURNS int SECURITY DEFINER LANGUAGE sql AS 'SELECT 1';
  CREATE PROCEDURE app.work(INOUT x int) LANGUAGE sql AS 'SELECT 1';
  CREATE FUNCTION app.same(app.pair, app.pair) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';
  CREATE AGGREGATE app.total(int) (SFUNC = int4pl, STYPE = int); CREATE AGGREGATE app.all_of(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0');
  CREATE OPERATOR app.=== (LEFTARG = app.pair, RIGHTARG = app.pair, FUNCTION = app.same); CREATE OPERATOR app.!! (RIGHTARG = int, FUNCTION = int4up);
  CREATE COLLATION app.plain (LOCALE = 'C'); CREATE CONVERSION app.turned FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
  CREATE TEXT SEARCH DICTIONARY app.words (TEMPLATE = simple); CREATE TEXT SEARCH CONFIGURATION app.search (COPY = simple);
  CREATE STATISTICS app.facts ON id, n FROM app.items; CREATE PUBLICATION "news" FOR TABLE app.items;
  CREATE TRIGGER t BEFORE UPDATE ON app.items FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
  CREATE SERVER elsewhere FOREIGN DATA WRAPPER wrapper; CREATE FOREIGN TABLE app.far (x int) SERVER elsewhere; CREATE USER MAPPING FOR CURRENT_USER SERVER elsewhere;
  ALTER TABLE app.items ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON app.items USING (true);
  SELECT lo_create(4711); INSERT INTO app.items (mood, size) VALUES ('good', 3); INSERT INTO app.parts VALUES (1); REFRESH MATERIALIZED VIEW app.kept;`;

/** What only a superuser may make; `of` names the role that is to own what such a role may own. */
export const SUPERUSER_OBJECTS = (of: string): string => `
  CREATE AGGREGATE app.share(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
  ALTER AGGREGATE app.share(float8 ORDER BY anyelement) OWNER TO ${of};
  CREATE OPERATOR FAMILY app.family USING btree; ALTER OPERATOR FAMILY app.family USING btree OWNER TO ${of};
  CREATE OPERATOR CLASS app.class FOR TYPE app.pair USING hash AS OPERATOR 1 app.===; ALTER OPERATOR CLASS app.class USING hash OWNER TO ${of};
  CREATE FUNCTION app.event() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION app.event();
  CREATE TABLE app.of_the_superuser (x int);`;

const OWN = `NOT LIKE ALL (ARRAY['pg\\_%', 'information_schema'])`;

/** Who owns what, one line each, from the catalogue of each kind. */
export const OWNERS = `
  SELECT format('relation %s: %s', oid::regclass, relowner::regrole) FROM pg_class WHERE relkind <> 't' AND relnamespace::regnamespace::text ${OWN}
  UNION ALL SELECT format('routine %s: %s', oid::regprocedure, proowner::regrole) FROM pg_proc WHERE pronamespace::regnamespace::text ${OWN}
  UNION ALL SELECT format('type %s: %s', oid::regtype, typowner::regrole) FROM pg_type WHERE typnamespace::regnamespace::text ${OWN}
  UNION ALL SELECT format('schema %s: %s', nspname, nspowner::regrole) FROM pg_namespace WHERE nspname::text ${OWN}
  UNION ALL SELECT format('operator %s: %s', oid::regoperator, oprowner::regrole) FROM pg_operator WHERE oprnamespace::regnamespace::text ${OWN}
  UNION ALL SELECT format('operator class %s: %s', opcname, opcowner::regrole) FROM pg_opclass WHERE opcnamespace::regnamespace::text ${OWN}
  UNION ALL SELECT format('operator family %s: %s', opfname, opfowner::regrole) FROM pg_opfamily WHERE opfnamespace::regnamespace::text ${OWN}
  UNION ALL SELECT format('collation %s: %s', collname, collowner::regrole) FROM pg_collation WHERE collnamespace::regnamespace::text ${OWN}
  UNION ALL SELECT format('conversion %s: %s', conname, conowner::regrole) FROM pg_conversion WHERE connamespace::regnamespace::text ${OWN}
  UNION ALL SELECT format('dictionary %s: %s', dictname, dictowner::regrole) FROM pg_ts_dict WHERE dictnamespace::regnamespace::text ${OWN}
  UNION ALL SELECT format('configuration %s: %s', cfgname, cfgowner::regrole) FROM pg_ts_config WHERE cfgnamespace::regnamespace::text ${OWN}
  UNION ALL SELECT format('statistics %s: %s', stxname, stxowner::regrole) FROM pg_statistic_ext
  UNION ALL SELECT format('publication %s: %s', pubname, pubowner::regrole) FROM pg_publication
  UNION ALL SELECT format('wrapper %s: %s', fdwname, fdwowner::regrole) FROM pg_foreign_data_wrapper
  UNION ALL SELECT format('server %s: %s', srvname, srvowner::regrole) FROM pg_foreign_server
  UNION ALL SELECT format('event trigger %s: %s', evtname, evtowner::regrole) FROM pg_event_trigger
  UNION ALL SELECT format('language %s: %s', lanname, lanowner::regrole) FROM pg_language
  UNION ALL SELECT format('large object %s: %s', oid, lomowner::regrole) FROM pg_largeobject_metadata
  UNION ALL SELECT format('database: %s', datdba::regrole) FROM pg_database WHERE datname = current_database() ORDER BY 1`;
