-- One object of each kind that pg_dump dumps, with names that need quoting, comments, privileges and owners.
-- psql runs it as a superuser in an empty database of PostgreSQL 15 or newer.
\set ON_ERROR_STOP 1
SET client_min_messages = error;

DO $$ DECLARE name text; BEGIN
  FOREACH name IN ARRAY ARRAY['Owner Ä', 'the "owner"', 'user', 'reader.one'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN EXECUTE format('CREATE ROLE %I', name); END IF;
  END LOOP;
END $$;
COMMENT ON ROLE "user" IS 'a ''role''';
GRANT "reader.one" TO "Owner Ä" WITH ADMIN OPTION;
SELECT format('GRANT CREATE, CONNECT ON DATABASE %I TO "Owner Ä"', current_database()) \gexec
SELECT format('COMMENT ON DATABASE %I IS ''back\slash ''''quote''''''', current_database()) \gexec
SELECT format('ALTER DATABASE %I SET search_path = "Awkward ""schema""", public', current_database()) \gexec
SELECT format('ALTER DATABASE %I SET corpus.text = ''ä "b" ''''c''''''', current_database()) \gexec
SELECT format('ALTER ROLE "user" IN DATABASE %I SET work_mem = ''5MB''', current_database()) \gexec

-- schemas
CREATE SCHEMA "Awkward ""schema""" AUTHORIZATION "Owner Ä";
CREATE SCHEMA "select";
CREATE SCHEMA "a.b c" AUTHORIZATION "the ""owner""";
CREATE SCHEMA "äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüä";
GRANT USAGE ON SCHEMA "Awkward ""schema""" TO "reader.one", PUBLIC;
GRANT CREATE ON SCHEMA "select" TO "user" WITH GRANT OPTION;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
COMMENT ON SCHEMA "select" IS 'reserved';
COMMENT ON SCHEMA public IS 'another comment';
SET search_path = "Awkward ""schema""", public;

-- extensions, languages
CREATE EXTENSION citext SCHEMA "select";
CREATE EXTENSION btree_gist SCHEMA public;
COMMENT ON EXTENSION citext IS 'with a comment';
CREATE FUNCTION "the handler"() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE FUNCTION "the inline"(internal) RETURNS void LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_inline_handler';
CREATE FUNCTION "the validator"(oid) RETURNS void LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_validator';
CREATE TRUSTED LANGUAGE "My Language" HANDLER "the handler" INLINE "the inline" VALIDATOR "the validator";
ALTER LANGUAGE "My Language" OWNER TO "Owner Ä";
COMMENT ON LANGUAGE "My Language" IS 'a language';
REVOKE USAGE ON LANGUAGE "My Language" FROM PUBLIC;
GRANT USAGE ON LANGUAGE "My Language" TO "user";

-- types: shell, base, composite, enum, range with its multirange, domain
CREATE TYPE "Shell type";
CREATE TYPE "Base";
CREATE FUNCTION base_in(cstring) RETURNS "Base" LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION base_out("Base") RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE "Base" (INPUT = base_in, OUTPUT = base_out, LIKE = text, CATEGORY = 'U', DELIMITER = ';', COLLATABLE = true);
CREATE TYPE "Pair, of two" AS ("a b" int, "c" text COLLATE "C", "Drop" int);
ALTER TYPE "Pair, of two" DROP ATTRIBUTE "Drop";
COMMENT ON COLUMN "Pair, of two"."a b" IS 'an attribute';
CREATE TYPE mood AS ENUM ('it''s good', 'BAD', '', 'ü');
ALTER TYPE mood ADD VALUE 'in between' BEFORE 'BAD';
ALTER TYPE mood OWNER TO "the ""owner""";
REVOKE USAGE ON TYPE mood FROM PUBLIC;
GRANT USAGE ON TYPE mood TO "reader.one";
CREATE FUNCTION "float gap"(float8, float8) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT RETURN $1 - $2;
CREATE TYPE "Span" AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = "float gap", MULTIRANGE_TYPE_NAME = "Spans");
CREATE DOMAIN "Positive int" AS int DEFAULT 1 NOT NULL CONSTRAINT "over 'zero'" CHECK (VALUE > 0);
ALTER DOMAIN "Positive int" ADD CONSTRAINT "small" CHECK (VALUE < 1000) NOT VALID;
CREATE DOMAIN "Text of C" AS text COLLATE "C";
COMMENT ON DOMAIN "Positive int" IS 'a domain';
COMMENT ON CONSTRAINT "over 'zero'" ON DOMAIN "Positive int" IS 'its constraint';
COMMENT ON TYPE "Spans" IS 'a multirange';

-- collations, conversions
CREATE COLLATION "Kollation" (PROVIDER = icu, LOCALE = 'de-u-co-phonebk', DETERMINISTIC = false);
CREATE COLLATION "C too" FROM "C";
ALTER COLLATION "Kollation" OWNER TO "Owner Ä";
COMMENT ON COLLATION "Kollation" IS 'a collation';
CREATE DEFAULT CONVERSION "turn L1" FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
COMMENT ON CONVERSION "turn L1" IS 'a conversion';

-- functions, procedures, aggregates, window functions
CREATE FUNCTION "f(x)"(VARIADIC "the args" text[] DEFAULT ARRAY['a''b']) RETURNS TABLE ("out put" int) LANGUAGE plpgsql
  SECURITY DEFINER STABLE PARALLEL SAFE COST 5 ROWS 7 SET search_path = pg_catalog, "select" SET "DateStyle" = 'German'
  AS $body$ BEGIN RETURN QUERY SELECT 1; END $body$;
CREATE FUNCTION standard_sql(a int, b int = 2) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT a + b; SELECT a * b; END;
CREATE FUNCTION anything(anyelement, anycompatible, anycompatible) RETURNS anyarray LANGUAGE sql AS 'SELECT ARRAY[$1]';
CREATE FUNCTION in_mine() RETURNS void LANGUAGE "My Language" AS 'BEGIN END';
CREATE FUNCTION "win dow"() RETURNS bigint LANGUAGE internal WINDOW AS 'window_row_number';
CREATE FUNCTION sample(internal) RETURNS tsm_handler LANGUAGE internal STRICT AS 'tsm_bernoulli_handler';
CREATE PROCEDURE "Do it"(INOUT a int, b text DEFAULT NULL) LANGUAGE plpgsql AS $$ BEGIN a := a + 1; COMMIT; END $$;
CREATE FUNCTION support_it(int) RETURNS int LANGUAGE internal IMMUTABLE STRICT SUPPORT textlike_support AS 'int4up';
ALTER FUNCTION standard_sql OWNER TO "the ""owner""";
ALTER PROCEDURE "Do it" OWNER TO "Owner Ä";
REVOKE EXECUTE ON FUNCTION "f(x)" FROM PUBLIC;
GRANT EXECUTE ON FUNCTION "f(x)" TO "reader.one" WITH GRANT OPTION;
COMMENT ON FUNCTION "f(x)" IS E'two\nlines';
COMMENT ON PROCEDURE "Do it" IS 'a procedure';
CREATE AGGREGATE "Sum up" (int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', COMBINEFUNC = int4pl, PARALLEL = safe,
  MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = int, MINITCOND = '0');
CREATE AGGREGATE "count all" (*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0');
CREATE AGGREGATE "share" (float8 ORDER BY anyelement)
  (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
CREATE AGGREGATE "rank it" (VARIADIC "any" ORDER BY VARIADIC "any")
  (SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);
ALTER AGGREGATE "Sum up" (int) OWNER TO "user";
COMMENT ON AGGREGATE "count all" (*) IS 'an aggregate';

-- operators, operator families and classes, access methods, casts, transforms
CREATE FUNCTION pair_eq("Pair, of two", "Pair, of two") RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT record_eq($1, $2)';
CREATE FUNCTION pair_hash("Pair, of two") RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT hashtext($1::text)';
CREATE OPERATOR === (LEFTARG = "Pair, of two", RIGHTARG = "Pair, of two", FUNCTION = pair_eq, COMMUTATOR = OPERATOR("Awkward ""schema""".===),
  RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
CREATE OPERATOR !@# (RIGHTARG = int, FUNCTION = int4up);
ALTER OPERATOR === ("Pair, of two", "Pair, of two") OWNER TO "Owner Ä";
COMMENT ON OPERATOR !@# (NONE, int) IS 'an operator';
CREATE OPERATOR FAMILY "Family" USING hash;
CREATE OPERATOR CLASS "Class" DEFAULT FOR TYPE "Pair, of two" USING hash FAMILY "Family" AS OPERATOR 1 ===, FUNCTION 1 pair_hash("Pair, of two");
CREATE OPERATOR FAMILY "loose" USING btree;
ALTER OPERATOR FAMILY "loose" USING btree ADD OPERATOR 1 < (int4, int2), OPERATOR 3 = (int4, int2), FUNCTION 1 btint42cmp(int4, int2);
CREATE OPERATOR CLASS "backwards" FOR TYPE int USING btree AS OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <,
  FUNCTION 1 btint4cmp(int4, int4), STORAGE int;
ALTER OPERATOR CLASS "Class" USING hash OWNER TO "user";
COMMENT ON OPERATOR CLASS "Class" USING hash IS 'a class';
COMMENT ON OPERATOR FAMILY "Family" USING hash IS 'a family';
CREATE ACCESS METHOD "Heap 2" TYPE TABLE HANDLER heap_tableam_handler;
CREATE ACCESS METHOD "gist 2" TYPE INDEX HANDLER gisthandler;
CREATE OPERATOR CLASS "of gist 2" DEFAULT FOR TYPE box USING "gist 2" AS OPERATOR 3 &&, OPERATOR 7 @>,
  FUNCTION 1 gist_box_consistent(internal, box, smallint, oid, internal), FUNCTION 2 gist_box_union(internal, internal),
  FUNCTION 5 gist_box_penalty(internal, internal, internal), FUNCTION 6 gist_box_picksplit(internal, internal),
  FUNCTION 7 gist_box_same(box, box, internal);
COMMENT ON ACCESS METHOD "Heap 2" IS 'an access method';
CREATE CAST ("Pair, of two" AS mood) WITH INOUT AS ASSIGNMENT;
CREATE FUNCTION mood_number(mood) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE CAST (mood AS int) WITH FUNCTION mood_number(mood) AS IMPLICIT;
CREATE CAST (text AS "Base") WITHOUT FUNCTION;
COMMENT ON CAST (mood AS int) IS 'a cast';
CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
COMMENT ON TRANSFORM FOR int LANGUAGE sql IS 'a transform';

-- text search
CREATE TEXT SEARCH PARSER "Parser" (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline);
CREATE TEXT SEARCH TEMPLATE "Template" (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY "Dictionary" (TEMPLATE = "Template", STOPWORDS = 'english', ACCEPT = false);
CREATE TEXT SEARCH CONFIGURATION "Configuration" (PARSER = "Parser");
ALTER TEXT SEARCH CONFIGURATION "Configuration" ADD MAPPING FOR asciiword, word WITH "Dictionary", simple;
ALTER TEXT SEARCH DICTIONARY "Dictionary" OWNER TO "Owner Ä";
ALTER TEXT SEARCH CONFIGURATION "Configuration" OWNER TO "user";
COMMENT ON TEXT SEARCH PARSER "Parser" IS 'a parser';
COMMENT ON TEXT SEARCH TEMPLATE "Template" IS 'a template';
COMMENT ON TEXT SEARCH DICTIONARY "Dictionary" IS 'a dictionary';
COMMENT ON TEXT SEARCH CONFIGURATION "Configuration" IS 'a configuration';

-- tables: columns, storage, options, inheritance, partitions, typed, unlogged, of another access method
CREATE TABLE "Parent"".table" (
  id bigint GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME "Seq of identity" START 5 INCREMENT 5 CYCLE MAXVALUE 5000) PRIMARY KEY,
  "default" serial NOT NULL, "Default Identity" int GENERATED BY DEFAULT AS IDENTITY,
  "a ""quoted"" column" text COLLATE "Kollation" DEFAULT E'it''s\\\n' CHECK ("a ""quoted"" column" <> 'x'),
  mood mood DEFAULT 'BAD', pair "Pair, of two", pairs "Pair, of two"[], span "Span", spans "Spans", amount "Positive int", base "Base", ci "select".citext,
  "Doubled" int GENERATED ALWAYS AS ("default" * 2) STORED, dropped int, blob bytea, at timestamptz DEFAULT '2026-01-02 03:04:05+00', big numeric(30, 10)
) WITH (fillfactor = 70, autovacuum_enabled = false, toast.autovacuum_enabled = false);
ALTER TABLE "Parent"".table" DROP COLUMN dropped;
ALTER TABLE "Parent"".table" ALTER blob SET STORAGE EXTERNAL, ALTER blob SET COMPRESSION pglz, ALTER mood SET STATISTICS 7, ALTER amount SET (n_distinct = -0.5);
ALTER TABLE "Parent"".table" OWNER TO "Owner Ä";
GRANT SELECT ("a ""quoted"" column", id), UPDATE (mood) ON "Parent"".table" TO "reader.one" WITH GRANT OPTION;
GRANT SELECT, TRIGGER, REFERENCES ON "Parent"".table" TO PUBLIC;
COMMENT ON TABLE "Parent"".table" IS 'a ''table'' -- \connect x';
COMMENT ON COLUMN "Parent"".table"."a ""quoted"" column" IS 'a column';
INSERT INTO "Parent"".table" (pair, pairs, span, spans, amount, base, ci, blob, big)
  SELECT (n, E'back\\slash\ttab')::"Pair, of two", ARRAY[(n, NULL)::"Pair, of two", NULL], '[1,2)', '{[1,2),[3,4)}', n, E'b\nc', 'Ü', '\x00ff', n / 3.0 FROM generate_series(1, 20) n;
CREATE TABLE child ("more" text, CHECK ("more" <> '') NO INHERIT) INHERITS ("Parent"".table");
INSERT INTO child (id, "Default Identity", "more", span) VALUES (1, 1, NULL, 'empty'), (1, 2, E'\\.', NULL);
CREATE TABLE "select"."table" (LIKE "Parent"".table" INCLUDING ALL EXCLUDING INDEXES);
INSERT INTO "select"."table" (amount) VALUES (3);
CREATE TABLE "a.b c"."d.e" OF "Pair, of two" ("a b" WITH OPTIONS PRIMARY KEY, c WITH OPTIONS DEFAULT 'x');
CREATE TABLE "äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüä"."ßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßß" ("éééééééééééééééééééééééééééééé" int);
INSERT INTO "äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüä"."ßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßß" VALUES (1), (2);
CREATE TABLE "no columns" ();
INSERT INTO "no columns" DEFAULT VALUES;
CREATE TABLE "line
feed	tab" ("a
b" int) USING "Heap 2";
CREATE UNLOGGED TABLE "not logged" AS SELECT generate_series(1, 5) AS x;
CREATE TABLE "EMPTY" (x int);
CREATE TABLE "Parts" (k int NOT NULL, at date NOT NULL, "text" text, PRIMARY KEY (k, at)) PARTITION BY RANGE (at);
CREATE TABLE "Parts 2026" PARTITION OF "Parts" ("text" DEFAULT 'x') FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY HASH (k);
CREATE TABLE "Parts 2026.0" PARTITION OF "Parts 2026" FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE "a.b c"."Parts 2026.1" PARTITION OF "Parts 2026" FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE "Parts else" PARTITION OF "Parts" DEFAULT;
CREATE TABLE "by list" (x text) PARTITION BY LIST (lower(x) COLLATE "C");
CREATE TABLE "by list ''" PARTITION OF "by list" FOR VALUES IN ('it''s', NULL);
INSERT INTO "Parts" SELECT n, date '2025-12-30' + n FROM generate_series(1, 50) n;
INSERT INTO "by list" VALUES ('IT''S'), (NULL);
CREATE INDEX "on parts" ON "Parts" ("text");

-- sequences
CREATE SEQUENCE "Free seq" AS smallint INCREMENT -3 MINVALUE -300 MAXVALUE 0 START -3 CACHE 5;
SELECT setval('"Free seq"', -30, true) \gset
CREATE SEQUENCE "owned" OWNED BY "EMPTY".x;
ALTER SEQUENCE "Free seq" OWNER TO "user";
GRANT USAGE ON SEQUENCE "Free seq" TO "reader.one";
COMMENT ON SEQUENCE "Free seq" IS 'a sequence';
CREATE UNLOGGED SEQUENCE "seq not logged";

-- indexes, constraints
CREATE TABLE "Refers" (a int, b bigint REFERENCES "Parent"".table" ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED, "c d" int, e tsrange,
  CONSTRAINT "uniq'" UNIQUE NULLS NOT DISTINCT (a, "c d"), UNIQUE (e) DEFERRABLE, CONSTRAINT "no overlap" EXCLUDE USING gist (a WITH =, e WITH &&) WHERE (a > 0));
ALTER TABLE "Refers" ADD CONSTRAINT "not valid" CHECK (a <> 13) NOT VALID;
ALTER TABLE "Refers" ADD CONSTRAINT "to ""parts""" FOREIGN KEY (a, "c d") REFERENCES "Refers" (a, "c d") ON DELETE SET NULL ("c d") NOT VALID;
ALTER TABLE "Refers" ALTER a SET NOT NULL;
CREATE INDEX "part ial" ON "Refers" ("c d" DESC NULLS LAST) INCLUDE (b) WITH (fillfactor = 50) WHERE a > 1;
CREATE INDEX "expr ession" ON "Refers" ((a + "c d"), (lower('X' || b)) COLLATE "C" text_pattern_ops);
ALTER INDEX "expr ession" ALTER COLUMN 1 SET STATISTICS 100;
CREATE UNIQUE INDEX "clustered" ON "Refers" (a, b);
ALTER TABLE "Refers" CLUSTER ON "clustered";
CREATE INDEX "hash'" ON "Parent"".table" USING hash (pair "Class");
CREATE INDEX "backwards'" ON "Refers" (a "backwards");
CREATE TABLE boxes (b box);
INSERT INTO boxes VALUES ('(1,1),(2,2)');
CREATE INDEX "of another method" ON boxes USING "gist 2" (b);
ALTER TABLE "Refers" REPLICA IDENTITY FULL;
CREATE TABLE "identified" (x int NOT NULL);
CREATE UNIQUE INDEX "identity" ON "identified" (x);
ALTER TABLE "identified" REPLICA IDENTITY USING INDEX "identity";
INSERT INTO "Refers" SELECT n, NULL, n FROM generate_series(1, 10) n;
COMMENT ON INDEX "part ial" IS 'an index';
COMMENT ON CONSTRAINT "no overlap" ON "Refers" IS 'a constraint';

-- extended statistics
CREATE STATISTICS "Stat" (ndistinct, dependencies, mcv) ON a, "c d" FROM "Refers";
CREATE STATISTICS "stat expr" ON (a % 3), (b + 1) FROM "Refers";
ALTER STATISTICS "Stat" SET STATISTICS 42;
ALTER STATISTICS "Stat" OWNER TO "Owner Ä";
COMMENT ON STATISTICS "Stat" IS 'statistics';

-- views, rules, materialized views
CREATE VIEW "View" ("a'b", c) WITH (security_barrier = true, security_invoker = true) AS SELECT id, mood FROM "Parent"".table" WITH LOCAL CHECK OPTION;
CREATE VIEW "on view" AS SELECT * FROM "View" WITH CASCADED CHECK OPTION;
CREATE RECURSIVE VIEW "recur" (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM recur WHERE n < 5;
CREATE VIEW "cycle" AS SELECT 1 AS x;
CREATE FUNCTION of_cycle("cycle") RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE OR REPLACE VIEW "cycle" AS SELECT of_cycle(NULL) AS x;
ALTER VIEW "View" ALTER c SET DEFAULT 'BAD';
ALTER VIEW "View" OWNER TO "the ""owner""";
GRANT SELECT, INSERT ON "View" TO "reader.one";
COMMENT ON VIEW "View" IS 'a view';
COMMENT ON COLUMN "View".c IS 'its column';
CREATE RULE "Rule" AS ON DELETE TO "on view" DO INSTEAD (DELETE FROM "EMPTY"; NOTIFY "Channel");
CREATE RULE "off" AS ON INSERT TO "EMPTY" WHERE new.x > 3 DO ALSO NOTHING;
ALTER TABLE "EMPTY" DISABLE RULE "off";
COMMENT ON RULE "Rule" ON "on view" IS 'a rule';
CREATE MATERIALIZED VIEW "Filled" WITH (fillfactor = 90) AS SELECT count(*) AS n FROM "Parent"".table";
CREATE MATERIALIZED VIEW "on Filled" AS SELECT n + 1 AS n FROM "Filled";
CREATE MATERIALIZED VIEW "Unfilled" AS SELECT n FROM "on Filled" WITH NO DATA;
CREATE UNIQUE INDEX "of matview" ON "Filled" (n);
ALTER MATERIALIZED VIEW "Filled" OWNER TO "user";
COMMENT ON MATERIALIZED VIEW "Filled" IS 'a materialized view';

-- triggers, event triggers, policies
CREATE FUNCTION trigger_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER "Trigger" BEFORE INSERT OR UPDATE OF a ON "Refers" FOR EACH ROW WHEN (new.a IS DISTINCT FROM 5) EXECUTE FUNCTION trigger_it('it''s', E'\\x');
CREATE TRIGGER "off" AFTER TRUNCATE ON "Refers" EXECUTE FUNCTION trigger_it();
CREATE TRIGGER "always" AFTER DELETE ON "Refers" REFERENCING OLD TABLE AS "old rows" EXECUTE FUNCTION trigger_it();
CREATE TRIGGER "on replica" BEFORE DELETE ON "Refers" FOR EACH ROW EXECUTE FUNCTION trigger_it();
CREATE CONSTRAINT TRIGGER "const" AFTER INSERT ON "Refers" FROM "EMPTY" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trigger_it();
CREATE TRIGGER "of view" INSTEAD OF INSERT ON "View" FOR EACH ROW EXECUTE FUNCTION trigger_it();
CREATE TRIGGER "of parts" AFTER INSERT ON "Parts" FOR EACH ROW EXECUTE FUNCTION trigger_it();
ALTER TABLE "Refers" DISABLE TRIGGER "off", ENABLE ALWAYS TRIGGER "always", ENABLE REPLICA TRIGGER "on replica";
ALTER TABLE "Parts else" DISABLE TRIGGER "of parts";
COMMENT ON TRIGGER "Trigger" ON "Refers" IS 'a trigger';
CREATE FUNCTION on_event() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE EVENT TRIGGER "Event" ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION on_event();
ALTER EVENT TRIGGER "Event" ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER "Event" IS 'an event trigger';
ALTER TABLE "Refers" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "Policy" ON "Refers" AS RESTRICTIVE FOR UPDATE TO "user", PUBLIC USING (a > 0) WITH CHECK (a <> 4);
CREATE POLICY "all'" ON "Refers" USING (true);
COMMENT ON POLICY "Policy" ON "Refers" IS 'a policy';

-- foreign data
CREATE FUNCTION "no validator"(text[], oid) RETURNS void LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE FOREIGN DATA WRAPPER "Wrapper" VALIDATOR "no validator" OPTIONS ("an option" 'it''s');
CREATE SERVER "Server" TYPE 't"y' VERSION '1.2''3' FOREIGN DATA WRAPPER "Wrapper" OPTIONS (host 'x y');
CREATE USER MAPPING FOR "user" SERVER "Server" OPTIONS (password 'secret ''word''');
CREATE USER MAPPING FOR PUBLIC SERVER "Server";
CREATE FOREIGN TABLE "Far" (a int OPTIONS (column_name 'A "b"') NOT NULL, b text COLLATE "C" DEFAULT 'x', CHECK (a > 0)) SERVER "Server" OPTIONS ("table" 'x');
CREATE FOREIGN TABLE "Parts far" PARTITION OF "by list" FOR VALUES IN ('far') SERVER "Server";
GRANT USAGE ON FOREIGN DATA WRAPPER "Wrapper" TO "user";
GRANT USAGE ON FOREIGN SERVER "Server" TO "Owner Ä" WITH GRANT OPTION;
ALTER SERVER "Server" OWNER TO "Owner Ä";
COMMENT ON FOREIGN DATA WRAPPER "Wrapper" IS 'a wrapper';
COMMENT ON SERVER "Server" IS 'a server';
COMMENT ON FOREIGN TABLE "Far" IS 'a foreign table';

-- publications, subscriptions
CREATE PUBLICATION "Tables" FOR TABLE "Refers" (a, b) WHERE (a > 2), ONLY "identified" WITH (publish = 'insert', publish_via_partition_root = true);
CREATE PUBLICATION "schemas" FOR TABLES IN SCHEMA "a.b c", TABLE "EMPTY";
CREATE PUBLICATION "all of it" FOR ALL TABLES;
ALTER PUBLICATION "Tables" OWNER TO "Owner Ä";
COMMENT ON PUBLICATION "Tables" IS 'a publication';
CREATE SUBSCRIPTION "Sub" CONNECTION 'host=127.0.0.1 port=1 dbname=''x y'' password=secret' PUBLICATION "Tables", "other"
  WITH (connect = false, slot_name = 'the_slot', binary = true, streaming = true, two_phase = false, synchronous_commit = 'remote_apply');
COMMENT ON SUBSCRIPTION "Sub" IS 'a subscription';

-- large objects
SELECT lo_from_bytea(4711, '\x00010203'), lo_create(4712) \gset
ALTER LARGE OBJECT 4711 OWNER TO "Owner Ä";
GRANT SELECT ON LARGE OBJECT 4711 TO "reader.one";
COMMENT ON LARGE OBJECT 4711 IS 'a large object';

-- default privileges
ALTER DEFAULT PRIVILEGES FOR ROLE "Owner Ä" GRANT SELECT ON TABLES TO "reader.one";
ALTER DEFAULT PRIVILEGES FOR ROLE "the ""owner""" IN SCHEMA "a.b c" GRANT ALL ON SEQUENCES TO "user" WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE "Owner Ä" REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE "Owner Ä" GRANT USAGE ON TYPES TO "user";
ALTER DEFAULT PRIVILEGES FOR ROLE "Owner Ä" GRANT USAGE ON SCHEMAS TO "user";

-- privileges on what the server brings
GRANT SELECT ON pg_authid TO "reader.one";
REVOKE EXECUTE ON FUNCTION pg_sleep(float8) FROM PUBLIC;

SELECT current_setting('server_version_num')::int >= 160000 AS has16, current_setting('server_version_num')::int >= 170000 AS has17 \gset
\if :has16
  CREATE COLLATION "with rules" (PROVIDER = icu, LOCALE = 'und', RULES = '& a < g');
  GRANT "user" TO "the ""owner""" WITH INHERIT FALSE, SET FALSE;
  ALTER SUBSCRIPTION "Sub" SET (origin = none, run_as_owner = true, password_required = false);
\endif
\if :has17
  CREATE COLLATION "built in" (PROVIDER = builtin, LOCALE = 'C.UTF-8');
  GRANT MAINTAIN ON "EMPTY" TO "reader.one";
\endif
REFRESH MATERIALIZED VIEW "Filled";
ANALYZE "Refers";
