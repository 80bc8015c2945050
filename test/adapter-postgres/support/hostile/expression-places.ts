import { DOMAIN, TABLE, type Place } from './place.ts';

/** Expressions of tables, indexes and other relations. */
export const EXPRESSION_PLACES: readonly Place[] = [
  { place: 'index', sql: `${TABLE} CREATE INDEX ON @T (@F(a))` },
  { place: 'index of a constant', sql: `${TABLE} CREATE INDEX ON @T ((@F(1)))` },
  { place: 'partial index', sql: `${TABLE} CREATE INDEX ON @T (a) WHERE @F(1) = 1` },
  {
    place: 'expression statistics',
    sql: 'CREATE TABLE @T (a int, b int); INSERT INTO @T VALUES (1, 2); CREATE STATISTICS @S ON (@F(a)), b FROM @T',
    control: 'ANALYZE @T',
  },
  { place: 'check', sql: 'CREATE TABLE @T (a int CHECK (@F(a) = 1)); INSERT INTO @T VALUES (1)' },
  {
    place: 'check that is not valid',
    sql: `${TABLE} ALTER TABLE @T ADD CONSTRAINT c CHECK (@F(a) = 1) NOT VALID`,
    control: 'ALTER TABLE @T VALIDATE CONSTRAINT c',
  },
  {
    place: 'check over the row type, which is an entry of its own',
    alone: true,
    sql: `${TABLE} CREATE FUNCTION @W(@T) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN @F(1); END'; ALTER TABLE @T ADD CHECK (@W(@T.*) = 1)`,
  },
  { place: 'domain', sql: `${DOMAIN} CREATE TABLE @T (a @D); INSERT INTO @T VALUES (1)` },
  {
    place: 'domain check that is not valid',
    sql: 'CREATE DOMAIN @D AS int; CREATE TABLE @T (a @D); INSERT INTO @T VALUES (1); ALTER DOMAIN @D ADD CONSTRAINT c CHECK (@F(VALUE) = 1) NOT VALID',
    control: 'ALTER DOMAIN @D VALIDATE CONSTRAINT c',
  },
  {
    place: 'generated column',
    sql: 'CREATE TABLE @T (a int, b int GENERATED ALWAYS AS (@F(a)) STORED); INSERT INTO @T VALUES (1)',
  },
  {
    place: 'generated column of a constant, in an empty table',
    sql: 'CREATE TABLE @T (a int, b int GENERATED ALWAYS AS (@F(1)) STORED)',
  },
  {
    place: 'default',
    sql: `${TABLE} ALTER TABLE @T ALTER a SET DEFAULT @F(1)`,
    control: 'INSERT INTO @T DEFAULT VALUES',
  },
  {
    place: 'exclusion constraint',
    sql: 'CREATE TABLE @T (a int, EXCLUDE USING btree (@F(a) WITH =)); INSERT INTO @T VALUES (1)',
  },
  {
    place: 'primary key, which folds the check of an empty table',
    sql: 'CREATE TABLE @T (a int CONSTRAINT k PRIMARY KEY, CHECK (@F(1) = 1))',
    control:
      'ALTER TABLE @T DROP CONSTRAINT k, ALTER a DROP NOT NULL; ALTER TABLE @T ADD CONSTRAINT k PRIMARY KEY (a)',
    during: 'PRIMARY KEY',
  },
  { place: 'view', sql: 'CREATE VIEW @V AS SELECT @F(1) AS g', control: 'SELECT FROM @V WHERE g = 1' },
  { place: 'materialized view', sql: 'CREATE MATERIALIZED VIEW @V AS SELECT @F(1) AS g' },
  {
    place: 'index of a materialized view',
    sql: 'CREATE MATERIALIZED VIEW @V AS SELECT 1 AS a; CREATE INDEX ON @V ((@F(1)))',
  },
  {
    place: 'materialized views over a table and over another',
    sql: `${TABLE} CREATE MATERIALIZED VIEW @V AS SELECT a, @F(1) AS g FROM @T; CREATE INDEX ON @V (@F(a)); CREATE MATERIALIZED VIEW @X AS SELECT @F(a) AS g FROM @V WHERE @F(2) = 1`,
  },
  {
    place: 'index whose function names no schema',
    sql: `CREATE FUNCTION @U(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $u$ BEGIN PERFORM named_without_schema(); RETURN @F(a); END $u$; ${TABLE} CREATE INDEX unqualified ON @T (@U(a))`,
    control: 'SET search_path = app; CREATE INDEX unqualified ON @T (@U(a))',
    lastMajor: 16,
    alone: true,
  },
];

/** Places of a literal of an array over a domain, whose check runs when the definition is parsed. */
const LITERAL = "'{1}'::@D[]";
const LITERALS: Readonly<Record<string, string>> = {
  'a default': `CREATE TABLE @T (a @D[] DEFAULT ${LITERAL})`,
  'a default of a composite type': `CREATE TYPE @C AS (a @D); CREATE TABLE @T (a @C DEFAULT '(1)'::@C)`,
  'a default of a range type': `CREATE TYPE @R AS RANGE (SUBTYPE = @D); CREATE TABLE @T (a @R DEFAULT '[1,2)'::@R)`,
  'a view': `CREATE VIEW @V AS SELECT ${LITERAL} AS a`,
  'a materialized view': `CREATE MATERIALIZED VIEW @V AS SELECT ${LITERAL} AS a`,
  'an index': `CREATE TABLE @T (a int); CREATE INDEX ON @T (a) WHERE 1 = ANY (${LITERAL})`,
  'a check': `CREATE TABLE @T (a int CHECK (a = ANY (${LITERAL})))`,
  'a check that is not valid': `CREATE TABLE @T (a int); ALTER TABLE @T ADD CHECK (a = ANY (${LITERAL})) NOT VALID`,
  'a generated column': `CREATE TABLE @T (a int, b int GENERATED ALWAYS AS (pg_catalog.cardinality(${LITERAL})) STORED)`,
  'a partition key': `CREATE TABLE @T (a int) PARTITION BY RANGE ((a + pg_catalog.cardinality(${LITERAL})))`,
  'expression statistics': `CREATE TABLE @T (a int, b int); CREATE STATISTICS @S ON (a + pg_catalog.cardinality(${LITERAL})), b FROM @T`,
  'a rule': `CREATE TABLE @T (a int); CREATE RULE r AS ON DELETE TO @T WHERE old.a = ANY (${LITERAL}) DO INSTEAD NOTHING`,
  'a policy': `CREATE TABLE @T (a int); CREATE POLICY p ON @T USING (a = ANY (${LITERAL}))`,
  'a condition of a trigger': `CREATE TABLE @T (a int); CREATE TRIGGER z BEFORE INSERT ON @T FOR EACH ROW WHEN (new.a = ANY (${LITERAL})) EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger()`,
  'a default of a parameter': `CREATE FUNCTION @P(a @D[] DEFAULT ${LITERAL}) RETURNS int LANGUAGE sql AS 'SELECT 1'`,
  'the initial condition of an aggregate': `CREATE FUNCTION @S(a @D, b int) RETURNS @D LANGUAGE sql AS 'SELECT a'; CREATE AGGREGATE @A(int) (SFUNC = @S, STYPE = @D, INITCOND = '1')`,
};

export const LITERAL_PLACES: readonly Place[] = Object.entries(LITERALS).map(([place, sql]) => ({
  place: `literal over a domain in ${place}`,
  sql: `${DOMAIN} ${sql}`,
}));
