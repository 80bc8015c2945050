-- One object of each kind that pg_dump dumps, with names that need quoting, comments, privileges and owners.
-- psql runs it in an empty database of PostgreSQL 15 or newer, as a superuser or as the owner of the database.
-- An owner that is no superuser makes the first part only; it is a member of the four roles, which exist then.
\set ON_ERROR_STOP 1
SET client_min_messages = error;

SELECT rolsuper AS is_superuser, (SELECT rolname FROM pg_roles WHERE oid = 10) AS bootstrap FROM pg_roles WHERE rolname = current_user \gset
\if :is_superuser
DO $$ DECLARE name text; BEGIN
  FOREACH name IN ARRAY ARRAY['Owner Ä', 'the "owner"', 'user', 'reader.one'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN EXECUTE format('CREATE ROLE %I', name); END IF;
  END LOOP;
END $$;
COMMENT ON ROLE "user" IS 'a ''role''';
GRANT "reader.one" TO "Owner Ä" WITH ADMIN OPTION;
SELECT format('ALTER ROLE "user" IN DATABASE %I SET work_mem = ''5MB''', current_database()) \gexec
SELECT format('ALTER DATABASE %I SET corpus.text = ''ä "b" ''''c''''''', current_database()) \gexec
\endif
SELECT format('GRANT CREATE, CONNECT ON DATABASE %I TO "Owner Ä"', current_database()) \gexec
SELECT format('COMMENT ON DATABASE %I IS ''back\slash ''''quote''''''', current_database()) \gexec
SELECT format('ALTER DATABASE %I SET search_path = "Awkward ""schema""", public', current_database()) \gexec

-- schemas
CREATE SCHEMA "Awkward ""schema""" AUTHORIZATION "Owner Ä";
CREATE SCHEMA "select";
CREATE SCHEMA "a.b c" AUTHORIZATION "the ""owner""";
CREATE SCHEMA "äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüä";
GRANT USAGE ON SCHEMA "Awkward ""schema""" TO "reader.one", PUBLIC;
GRANT CREATE ON SCHEMA "Awkward ""schema""" TO "the ""owner""", "user";
GRANT CREATE ON SCHEMA "select" TO "user" WITH GRANT OPTION;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
COMMENT ON SCHEMA "select" IS 'reserved';
COMMENT ON SCHEMA public IS 'another comment';
SET search_path = "Awkward ""schema""", public;

-- extensions
\if :is_superuser
SET ROLE :"bootstrap"; -- a restore gives no other owner to an extension
\endif
CREATE EXTENSION citext SCHEMA "select";
CREATE EXTENSION btree_gist SCHEMA public;
RESET ROLE;
COMMENT ON EXTENSION citext IS 'with a comment';

-- types: composite, enum, range with its multirange, domain
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
CREATE PROCEDURE "Do it"(INOUT a int, b text DEFAULT NULL) LANGUAGE plpgsql AS $$ BEGIN a := a + 1; COMMIT; END $$;
ALTER FUNCTION standard_sql OWNER TO "the ""owner""";
ALTER PROCEDURE "Do it" OWNER TO "Owner Ä";
REVOKE EXECUTE ON FUNCTION "f(x)" FROM PUBLIC;
GRANT EXECUTE ON FUNCTION "f(x)" TO "reader.one" WITH GRANT OPTION;
COMMENT ON FUNCTION "f(x)" IS E'two\nlines';
COMMENT ON PROCEDURE "Do it" IS 'a procedure';
CREATE AGGREGATE "Sum up" (int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', COMBINEFUNC = int4pl, PARALLEL = safe,
  MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = int, MINITCOND = '0');
CREATE AGGREGATE "count all" (*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0');
ALTER AGGREGATE "Sum up" (int) OWNER TO "user";
COMMENT ON AGGREGATE "count all" (*) IS 'an aggregate';

-- operators, casts
CREATE FUNCTION pair_eq("Pair, of two", "Pair, of two") RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT record_eq($1, $2)';
CREATE FUNCTION pair_hash("Pair, of two") RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT hashtext($1::text)';
CREATE OPERATOR === (LEFTARG = "Pair, of two", RIGHTARG = "Pair, of two", FUNCTION = pair_eq, COMMUTATOR = OPERATOR("Awkward ""schema""".===),
  RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
CREATE OPERATOR !@# (RIGHTARG = int, FUNCTION = int4up);
ALTER OPERATOR === ("Pair, of two", "Pair, of two") OWNER TO "Owner Ä";
COMMENT ON OPERATOR !@# (NONE, int) IS 'an operator';
CREATE CAST ("Pair, of two" AS mood) WITH INOUT AS ASSIGNMENT;
CREATE FUNCTION mood_number(mood) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE CAST (mood AS int) WITH FUNCTION mood_number(mood) AS IMPLICIT;
COMMENT ON CAST (mood AS int) IS 'a cast';

-- text search
CREATE TEXT SEARCH DICTIONARY "Dictionary" (TEMPLATE = simple, STOPWORDS = 'english', ACCEPT = false);
CREATE TEXT SEARCH CONFIGURATION "Configuration" (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION "Configuration" ALTER MAPPING FOR asciiword, word WITH "Dictionary", simple;
ALTER TEXT SEARCH DICTIONARY "Dictionary" OWNER TO "Owner Ä";
ALTER TEXT SEARCH CONFIGURATION "Configuration" OWNER TO "user";
COMMENT ON TEXT SEARCH DICTIONARY "Dictionary" IS 'a dictionary';
COMMENT ON TEXT SEARCH CONFIGURATION "Configuration" IS 'a configuration';

-- tables: columns, storage, options, inheritance, partitions, typed, unlogged, of another access method
CREATE TABLE "Parent"".table" (
  id bigint GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME "Seq of identity" START 5 INCREMENT 5 CYCLE MAXVALUE 5000) PRIMARY KEY,
  "default" serial NOT NULL, "Default Identity" int GENERATED BY DEFAULT AS IDENTITY,
  "a ""quoted"" column" text COLLATE "Kollation" DEFAULT E'it''s\\\n' CHECK ("a ""quoted"" column" <> 'x'),
  mood mood DEFAULT 'BAD', pair "Pair, of two", pairs "Pair, of two"[], span "Span", spans "Spans", amount "Positive int", ci "select".citext,
  "Doubled" int GENERATED ALWAYS AS ("default" * 2) STORED, dropped int, blob bytea, at timestamptz DEFAULT '2026-01-02 03:04:05+00', big numeric(30, 10)
) WITH (fillfactor = 70, autovacuum_enabled = false, toast.autovacuum_enabled = false);
ALTER TABLE "Parent"".table" DROP COLUMN dropped;
ALTER TABLE "Parent"".table" ALTER blob SET STORAGE EXTERNAL, ALTER blob SET COMPRESSION pglz, ALTER mood SET STATISTICS 7, ALTER amount SET (n_distinct = -0.5);
ALTER TABLE "Parent"".table" OWNER TO "Owner Ä";
GRANT SELECT ("a ""quoted"" column", id), UPDATE (mood) ON "Parent"".table" TO "reader.one" WITH GRANT OPTION;
GRANT SELECT, TRIGGER, REFERENCES ON "Parent"".table" TO PUBLIC;
COMMENT ON TABLE "Parent"".table" IS 'a ''table'' -- \connect x';
COMMENT ON COLUMN "Parent"".table"."a ""quoted"" column" IS 'a column';
INSERT INTO "Parent"".table" (pair, pairs, span, spans, amount, ci, blob, big)
  SELECT (n, E'back\\slash\ttab')::"Pair, of two", ARRAY[(n, NULL)::"Pair, of two", NULL], '[1,2)', '{[1,2),[3,4)}', n, 'Ü', '\x00ff', n / 3.0 FROM generate_series(1, 20) n;
CREATE TABLE child ("more" text, CHECK ("more" <> '') NO INHERIT) INHERITS ("Parent"".table");
INSERT INTO child (id, "Default Identity", "more", span) VALUES (1, 1, NULL, 'empty'), (1, 2, E'\\.', NULL);
CREATE TABLE "select"."table" (LIKE "Parent"".table" INCLUDING ALL EXCLUDING INDEXES);
INSERT INTO "select"."table" (amount) VALUES (3);
ALTER SEQUENCE "select"."table_Default Identity_seq" AS int; -- LIKE made it a bigint, which no dump keeps
CREATE TABLE "a.b c"."d.e" OF "Pair, of two" ("a b" WITH OPTIONS PRIMARY KEY, c WITH OPTIONS DEFAULT 'x');
CREATE TABLE "äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüä"."ßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßß" ("éééééééééééééééééééééééééééééé" int);
INSERT INTO "äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüä"."ßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßß" VALUES (1), (2);
CREATE TABLE "no columns" ();
INSERT INTO "no columns" DEFAULT VALUES;
CREATE TABLE "line
feed	tab" ("a
b" int);
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

-- triggers, policies
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
ALTER TABLE "Refers" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "Policy" ON "Refers" AS RESTRICTIVE FOR UPDATE TO "user", PUBLIC USING (a > 0) WITH CHECK (a <> 4);
CREATE POLICY "all'" ON "Refers" USING (true);
COMMENT ON POLICY "Policy" ON "Refers" IS 'a policy';

-- publications
CREATE PUBLICATION "Tables" FOR TABLE "Refers" (a, b) WHERE (a > 2), ONLY "identified" WITH (publish = 'insert', publish_via_partition_root = true);
ALTER PUBLICATION "Tables" OWNER TO "Owner Ä";
COMMENT ON PUBLICATION "Tables" IS 'a publication';

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

-- expressions that call functions of the database
CREATE SCHEMA work;
GRANT USAGE ON SCHEMA work TO PUBLIC;
GRANT CREATE ON SCHEMA work TO "Owner Ä", "the ""owner""", "user";
CREATE FUNCTION work.doubled(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 * 2; END';
CREATE FUNCTION work.is_small(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 IS NULL OR $1 < 1000; END';
CREATE DOMAIN work.small AS int CHECK (work.is_small(VALUE));
CREATE DOMAIN work.even AS work.small DEFAULT work.doubled(2) CHECK (VALUE % 2 = 0);
CREATE TYPE work.two AS (a work.small, b work.even);
CREATE FUNCTION work.add_small(work.small, int) RETURNS work.small LANGUAGE sql IMMUTABLE AS 'SELECT ($1 + $2)::work.small';
CREATE AGGREGATE work.total (int) (SFUNC = work.add_small, STYPE = work.small, INITCOND = '1');
CREATE FUNCTION work.defaults(a work.small DEFAULT '3'::work.small, b work.small[] DEFAULT '{1,2}'::work.small[]) RETURNS int LANGUAGE sql AS 'SELECT $1';
CREATE TABLE work.computed (
  id int PRIMARY KEY CHECK (work.is_small(id)), twice int GENERATED ALWAYS AS (work.doubled(id)) STORED, small work.small DEFAULT work.doubled(3),
  "all" work.small[] DEFAULT '{4,5}'::work.small[], two work.two DEFAULT '(1,2)'::work.two, four int DEFAULT work.doubled(2),
  EXCLUDE USING btree ((work.doubled(id)) WITH =) WHERE (work.is_small(id)));
INSERT INTO work.computed (id) SELECT generate_series(1, 20);
CREATE INDEX "computed expression" ON work.computed ((work.doubled(four))) WHERE work.is_small(twice);
CREATE STATISTICS work.computed_stat ON (work.doubled(four)), twice FROM work.computed;
CREATE TABLE work.by_expression (k int, x text DEFAULT 'x') PARTITION BY LIST (work.doubled(k));
CREATE TABLE work.by_expression_2 PARTITION OF work.by_expression FOR VALUES IN (2);
CREATE TABLE work.by_expression_else PARTITION OF work.by_expression (CHECK (work.is_small(k))) DEFAULT;
INSERT INTO work.by_expression SELECT generate_series(1, 5);

-- constraints that are not valid, and rows that those of a table forbid
CREATE DOMAIN work.checked_late AS int;
CREATE TABLE work.unchecked (id int PRIMARY KEY, late work.checked_late, up int);
CREATE TABLE work.unchecked_child () INHERITS (work.unchecked);
INSERT INTO work.unchecked VALUES (1, 1, 99);
INSERT INTO work.unchecked_child VALUES (20, 1, 99);
ALTER DOMAIN work.checked_late ADD CONSTRAINT positive CHECK (VALUE > 0) NOT VALID;
ALTER TABLE work.unchecked ADD CONSTRAINT "not so" CHECK (id > 10) NOT VALID, ADD CONSTRAINT "not there" FOREIGN KEY (up) REFERENCES work.unchecked NOT VALID;
COMMENT ON CONSTRAINT positive ON DOMAIN work.checked_late IS 'not valid';

-- foreign keys: to itself, in a circle, from and to partitioned tables and partitions
CREATE TABLE work.customers (id int PRIMARY KEY, best int REFERENCES work.customers DEFERRABLE INITIALLY DEFERRED, first_id int, first_day date);
CREATE TABLE work.orders (day date NOT NULL, id int NOT NULL, customer int NOT NULL REFERENCES work.customers ON UPDATE CASCADE, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE work.orders_2025 PARTITION OF work.orders FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE work.orders_2026 (id int NOT NULL, customer int NOT NULL, day date NOT NULL, CHECK (id > 0)) PARTITION BY HASH (id);
CREATE TABLE work.orders_2026_0 PARTITION OF work.orders_2026 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE work.orders_2026_1 PARTITION OF work.orders_2026 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
ALTER TABLE work.orders ATTACH PARTITION work.orders_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE work.orders_else PARTITION OF work.orders DEFAULT;
CREATE TABLE work.lines (n int, order_id int, day date, CONSTRAINT "of order" FOREIGN KEY (order_id, day) REFERENCES work.orders MATCH FULL ON DELETE CASCADE) PARTITION BY LIST (n);
CREATE TABLE work.lines_1 PARTITION OF work.lines FOR VALUES IN (1);
CREATE TABLE work.lines_else PARTITION OF work.lines DEFAULT;
INSERT INTO work.customers SELECT n, 21 - n FROM generate_series(1, 20) n;
INSERT INTO work.orders SELECT date '2024-12-25' + n * 20, n, n % 20 + 1 FROM generate_series(1, 50) n;
INSERT INTO work.lines SELECT id % 3, id, day FROM work.orders;
UPDATE work.customers c SET first_id = o.id, first_day = o.day FROM work.orders o WHERE o.id = c.id;
ALTER TABLE work.customers ADD CONSTRAINT "in a circle" FOREIGN KEY (first_id, first_day) REFERENCES work.orders DEFERRABLE;
ALTER TABLE work.lines_1 ADD CONSTRAINT "to one only" FOREIGN KEY (n) REFERENCES work.customers;
CREATE TABLE work.of_2025 (id int, day date, FOREIGN KEY (id, day) REFERENCES work.orders_2025);
INSERT INTO work.of_2025 SELECT id, day FROM work.orders_2025;
CREATE INDEX "not everywhere" ON ONLY work.orders (customer);
CREATE INDEX "of 2025" ON work.orders_2025 (customer) WITH (fillfactor = 60);
ALTER INDEX work."not everywhere" ATTACH PARTITION work."of 2025";
CREATE UNIQUE INDEX "every order" ON work.orders (day, id, work.doubled(customer));
ALTER TABLE work.orders_2025 CLUSTER ON orders_2025_pkey;
ALTER TABLE work.orders_2025 REPLICA IDENTITY USING INDEX orders_2025_pkey;
ALTER TABLE work.orders_else REPLICA IDENTITY NOTHING;

-- inheritance from two tables, with columns and constraints of its own
CREATE TABLE work.named (name text NOT NULL DEFAULT 'x', CONSTRAINT named CHECK (name <> ''));
CREATE TABLE work.numbered (number int, name text, CONSTRAINT "by function" CHECK (work.is_small(number)));
CREATE TABLE work.both (number int DEFAULT 7 NOT NULL, extra int) INHERITS (work.named, work.numbered);
ALTER TABLE work.both ALTER name SET DEFAULT 'y', ALTER number SET STATISTICS 0, ALTER name SET STORAGE MAIN;
INSERT INTO work.both (extra) SELECT generate_series(1, 3);

-- definitions that need a primary key; materialized views on materialized views
CREATE VIEW work.grouped AS SELECT id, best, count(*) AS n FROM work.customers GROUP BY id;
CREATE VIEW work.on_grouped AS SELECT sum(n) AS n FROM work.grouped;
CREATE FUNCTION work.grouped_too() RETURNS TABLE (id int, best int) LANGUAGE sql BEGIN ATOMIC SELECT id, best FROM work.customers GROUP BY id; END;
CREATE MATERIALIZED VIEW work.m_grouped AS SELECT id, max(work.doubled(best)) AS best FROM work.grouped GROUP BY id;
CREATE MATERIALIZED VIEW work."a last one" AS SELECT work.total(best) AS total FROM work.m_grouped WHERE best < 10;
CREATE INDEX "of m_grouped" ON work.m_grouped ((work.doubled(best)));

-- triggers and rules that change rows
CREATE TABLE work.log (entry text);
CREATE FUNCTION work.log_it() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN INSERT INTO work.log VALUES (new.id); RETURN new; END $$;
REVOKE EXECUTE ON FUNCTION work.log_it FROM PUBLIC;
CREATE TABLE work.logged (id int);
CREATE TRIGGER log_it BEFORE INSERT ON work.logged FOR EACH ROW WHEN (work.is_small(new.id)) EXECUTE FUNCTION work.log_it();
ALTER TABLE work.logged ENABLE ALWAYS TRIGGER log_it;
CREATE RULE "log too" AS ON INSERT TO work.logged DO ALSO INSERT INTO work.log VALUES ('by the rule');
CREATE RULE "on replica" AS ON UPDATE TO work.logged DO ALSO NOTHING;
ALTER TABLE work.logged ENABLE ALWAYS RULE "log too", ENABLE REPLICA RULE "on replica";
INSERT INTO work.logged VALUES (1), (2);

-- owners that use each other's objects
ALTER FUNCTION work.doubled OWNER TO "Owner Ä";
ALTER FUNCTION work.is_small OWNER TO "the ""owner""";
ALTER DOMAIN work.small OWNER TO "user";
ALTER DOMAIN work.even OWNER TO "Owner Ä";
ALTER AGGREGATE work.total (int) OWNER TO "Owner Ä";
ALTER TABLE work.computed OWNER TO "user";
ALTER TABLE work.by_expression OWNER TO "Owner Ä";
ALTER TABLE work.by_expression_2 OWNER TO "user";
ALTER TABLE work.unchecked_child OWNER TO "the ""owner""";
ALTER TABLE work.customers OWNER TO "Owner Ä";
ALTER TABLE work.orders OWNER TO "the ""owner""";
ALTER TABLE work.orders_2025 OWNER TO "user";
ALTER TABLE work.orders_2026_0 OWNER TO "Owner Ä";
ALTER TABLE work.lines_1 OWNER TO "Owner Ä";
ALTER TABLE work.lines OWNER TO "user";
ALTER TABLE work.of_2025 OWNER TO "the ""owner""";
ALTER TABLE work.named OWNER TO "Owner Ä";
ALTER TABLE work.both OWNER TO "user";
ALTER VIEW work.grouped OWNER TO "user";
ALTER MATERIALIZED VIEW work.m_grouped OWNER TO "the ""owner""";
ALTER MATERIALIZED VIEW work."a last one" OWNER TO "user";
ALTER TABLE work.log OWNER TO "Owner Ä";
ALTER FUNCTION work.log_it OWNER TO "Owner Ä";
ALTER TABLE work.logged OWNER TO "the ""owner""";
GRANT SELECT ON work.customers TO "user", "the ""owner""" WITH GRANT OPTION;
GRANT SELECT ON work.grouped, work.m_grouped TO "the ""owner""", "user";
GRANT INSERT ON work.log TO "the ""owner""";

-- privileges: of another grantor, none at all, none for the owner
GRANT USAGE ON SCHEMA work TO "reader.one";
GRANT SELECT, INSERT ON work.named TO "reader.one" WITH GRANT OPTION;
GRANT UPDATE (name), REFERENCES (name) ON work.named TO "reader.one" WITH GRANT OPTION;
SET ROLE "reader.one";
GRANT SELECT ON work.named TO "user" WITH GRANT OPTION;
GRANT UPDATE (name) ON work.named TO "the ""owner""";
SET ROLE "user";
GRANT SELECT ON work.named TO PUBLIC;
RESET ROLE;
CREATE FUNCTION work.of_no_one() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
REVOKE ALL ON FUNCTION work.of_no_one FROM PUBLIC, CURRENT_USER;
CREATE TABLE work.shut (id int);
CREATE FUNCTION work.is_shut(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
ALTER TABLE work.shut ADD CHECK (work.is_shut(id));
INSERT INTO work.shut VALUES (1);
ALTER TABLE work.shut OWNER TO "user";
REVOKE ALL ON work.shut FROM "user";
REVOKE EXECUTE ON FUNCTION work.is_shut FROM PUBLIC;
CREATE SCHEMA closed;
GRANT USAGE, CREATE ON SCHEMA closed TO "user";
CREATE TABLE closed.t (id serial PRIMARY KEY, twice int GENERATED ALWAYS AS (work.doubled(id)) STORED, up int REFERENCES closed.t);
INSERT INTO closed.t (up) VALUES (1), (1);
ALTER TABLE closed.t OWNER TO "user";
REVOKE ALL ON SCHEMA closed FROM "user";
CREATE TABLE work.guarded (id int);
INSERT INTO work.guarded VALUES (1), (2);
ALTER TABLE work.guarded OWNER TO "Owner Ä";
ALTER TABLE work.guarded ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "none" ON work.guarded TO "Owner Ä", "user" USING (work.is_small(id) AND false);

-- more values: sequences that were not called, sparse large objects
CREATE SEQUENCE work.not_called START 7;
SELECT setval('work.not_called', 11, false), lo_create(4713), lo_put(4713, 9000, '\xfe') \gset
ALTER SEQUENCE work.not_called OWNER TO "the ""owner""";
REVOKE ALL ON SEQUENCE work.not_called FROM "the ""owner""";
ALTER LARGE OBJECT 4713 OWNER TO "the ""owner""";
REVOKE ALL ON LARGE OBJECT 4713 FROM "the ""owner""";
GRANT SELECT, UPDATE ON LARGE OBJECT 4712 TO "user" WITH GRANT OPTION;

SELECT current_setting('server_version_num')::int >= 160000 AS has16, current_setting('server_version_num')::int >= 170000 AS has17 \gset
\if :has16
  CREATE COLLATION "with rules" (PROVIDER = icu, LOCALE = 'und', RULES = '& a < g');
\endif
\if :has17
  CREATE COLLATION "built in" (PROVIDER = builtin, LOCALE = 'C.UTF-8');
  GRANT MAINTAIN ON "EMPTY" TO "reader.one";
\endif
REFRESH MATERIALIZED VIEW "Filled";
ANALYZE "Refers";
\if :is_superuser
\ir object-kinds-of-superuser.sql
\endif
