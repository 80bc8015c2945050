-- The second part of object-kinds.sql: what only a superuser may make.

-- languages
CREATE FUNCTION "the handler"() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE FUNCTION "the inline"(internal) RETURNS void LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_inline_handler';
CREATE FUNCTION "the validator"(oid) RETURNS void LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_validator';
CREATE TRUSTED LANGUAGE "My Language" HANDLER "the handler" INLINE "the inline" VALIDATOR "the validator";
ALTER LANGUAGE "My Language" OWNER TO "Owner Ä";
COMMENT ON LANGUAGE "My Language" IS 'a language';
REVOKE USAGE ON LANGUAGE "My Language" FROM PUBLIC;
GRANT USAGE ON LANGUAGE "My Language" TO "user";

-- types: shell, base
CREATE TYPE "Shell type";
CREATE TYPE "Base";
CREATE FUNCTION base_in(cstring) RETURNS "Base" LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION base_out("Base") RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE "Base" (INPUT = base_in, OUTPUT = base_out, LIKE = text, CATEGORY = 'U', DELIMITER = ';', COLLATABLE = true);
ALTER TABLE "Parent"".table" ADD COLUMN base "Base";
UPDATE "Parent"".table" SET base = E'b\nc';

-- functions, aggregates
CREATE FUNCTION in_mine() RETURNS void LANGUAGE "My Language" AS 'BEGIN END';
CREATE FUNCTION "win dow"() RETURNS bigint LANGUAGE internal WINDOW AS 'window_row_number';
CREATE FUNCTION sample(internal) RETURNS tsm_handler LANGUAGE internal STRICT AS 'tsm_bernoulli_handler';
CREATE FUNCTION support_it(int) RETURNS int LANGUAGE internal IMMUTABLE STRICT SUPPORT textlike_support AS 'int4up';
CREATE AGGREGATE "share" (float8 ORDER BY anyelement)
  (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
CREATE AGGREGATE "rank it" (VARIADIC "any" ORDER BY VARIADIC "any")
  (SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);

-- operator families and classes, access methods, casts, transforms
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
CREATE CAST (text AS "Base") WITHOUT FUNCTION;
CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
COMMENT ON TRANSFORM FOR int LANGUAGE sql IS 'a transform';
CREATE INDEX "hash'" ON "Parent"".table" USING hash (pair "Class");
CREATE INDEX "backwards'" ON "Refers" (a "backwards");
CREATE TABLE boxes (b box);
INSERT INTO boxes VALUES ('(1,1),(2,2)');
CREATE INDEX "of another method" ON boxes USING "gist 2" (b);
CREATE TABLE "of another method, too" ("a
b" int) USING "Heap 2";

-- text search
CREATE TEXT SEARCH PARSER "Parser" (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline);
CREATE TEXT SEARCH TEMPLATE "Template" (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY "of template" (TEMPLATE = "Template", STOPWORDS = 'english', ACCEPT = false);
CREATE TEXT SEARCH CONFIGURATION "of parser" (PARSER = "Parser");
ALTER TEXT SEARCH CONFIGURATION "of parser" ADD MAPPING FOR asciiword, word WITH "of template", simple;
COMMENT ON TEXT SEARCH PARSER "Parser" IS 'a parser';
COMMENT ON TEXT SEARCH TEMPLATE "Template" IS 'a template';

-- event triggers
CREATE FUNCTION on_event() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE EVENT TRIGGER "Event" ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION on_event();
ALTER EVENT TRIGGER "Event" ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER "Event" IS 'an event trigger';

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
CREATE PUBLICATION "schemas" FOR TABLES IN SCHEMA "a.b c", TABLE "EMPTY";
CREATE PUBLICATION "all of it" FOR ALL TABLES;
CREATE SUBSCRIPTION "Sub" CONNECTION 'host=127.0.0.1 port=1 dbname=''x y'' password=secret' PUBLICATION "Tables", "other"
  WITH (connect = false, slot_name = 'the_slot', binary = true, streaming = true, two_phase = false, synchronous_commit = 'remote_apply');
COMMENT ON SUBSCRIPTION "Sub" IS 'a subscription';

-- privileges on what the server brings
GRANT SELECT ON pg_authid TO "reader.one";
REVOKE EXECUTE ON FUNCTION pg_sleep(float8) FROM PUBLIC;

\if :has16
  GRANT "user" TO "the ""owner""" WITH INHERIT FALSE, SET FALSE;
  ALTER SUBSCRIPTION "Sub" SET (origin = none, run_as_owner = true, password_required = false);
\endif
