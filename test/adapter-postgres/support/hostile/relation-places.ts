import { AS_APP, AS_SUPERUSER, DOMAIN, TABLE, type Place } from './place.ts';

/** A trigger function that runs the code. */
const FIRED =
  'CREATE FUNCTION @G() RETURNS trigger LANGUAGE plpgsql AS $g$ BEGIN PERFORM @F(1); RETURN new; END $g$;';

/** A type of its own whose implicit cast to an integer runs the code. */
const COLOR = `CREATE TYPE @C AS ENUM ('red'); CREATE FUNCTION @I(@C) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN @F(1); END'; CREATE CAST (@C AS int) WITH FUNCTION @I(@C) AS IMPLICIT;`;

const KEY = 'CREATE TABLE @K (id int PRIMARY KEY); INSERT INTO @K VALUES (1);';

/** Planning over the referenced table evaluates the constant of its index. */
const KEY_WITH_INDEX = `${KEY} CREATE INDEX ON @K ((@F(1)));`;

const INSERT = 'INSERT INTO @T VALUES (1)';

/** What the validation of a foreign key is part of. */
const VALIDATION = 'FOREIGN KEY|VALIDATE CONSTRAINT';

/** Partitions, foreign keys, and what is attached to tables. */
export const RELATION_PLACES: readonly Place[] = [
  {
    place: 'partition key',
    sql: `CREATE TABLE @T (a int) PARTITION BY RANGE (@F(a)); CREATE TABLE @T_1 PARTITION OF @T FOR VALUES FROM (0) TO (9); ${INSERT}`,
  },
  { place: 'partition key of a constant', sql: 'CREATE TABLE @T (a int) PARTITION BY RANGE ((a + @F(1)))' },
  {
    place: 'check of a partition, folded when it is attached',
    sql: 'CREATE TABLE @T (a int) PARTITION BY LIST (a); CREATE TABLE @T_1 PARTITION OF @T (CHECK (@F(1) = 1)) FOR VALUES IN (1)',
    during: 'ATTACH',
  },
  {
    place: 'check of a default partition, folded when another is attached',
    sql: 'CREATE TABLE @T (a int) PARTITION BY LIST (a); CREATE TABLE @T_0 PARTITION OF @T (CHECK (@F(1) = 1)) DEFAULT; CREATE TABLE @T_1 PARTITION OF @T FOR VALUES IN (1)',
    during: 'ATTACH',
  },
  {
    place: 'index of a partition, folded when it is attached',
    sql: 'CREATE TABLE @T (a int) PARTITION BY LIST (a); CREATE TABLE @T_1 PARTITION OF @T FOR VALUES IN (1); CREATE INDEX ON @T ((@F(1)))',
    during: 'ATTACH PARTITION',
  },
  {
    place: 'partition of another role',
    sql: `CREATE TABLE @T (a int) PARTITION BY RANGE (@F(a)); CREATE TABLE @T_1 PARTITION OF @T (CHECK (@F(a) = 1)) FOR VALUES FROM (0) TO (9); ${INSERT}; ${AS_SUPERUSER} ALTER TABLE @T_1 OWNER TO tenant; ${AS_APP}`,
    alsoAs: 'tenant',
  },
  {
    place: 'foreign key',
    sql: `${KEY_WITH_INDEX} CREATE TABLE @T (a int REFERENCES @K); ${INSERT}`,
    during: VALIDATION,
  },
  {
    place: 'foreign key over a type with an implicit cast',
    sql: `${COLOR} ${KEY} CREATE TABLE @T (a @C REFERENCES @K); INSERT INTO @T VALUES ('red')`,
  },
  {
    place: 'foreign key of a partitioned table',
    sql: `${COLOR} ${KEY_WITH_INDEX} CREATE TABLE @T (a @C, b int) PARTITION BY LIST (b); CREATE TABLE @T_1 PARTITION OF @T FOR VALUES IN (1); CREATE TABLE @T_2 PARTITION OF @T FOR VALUES IN (2); INSERT INTO @T VALUES ('red', 1), ('red', 2); ALTER TABLE @T ADD FOREIGN KEY (a) REFERENCES @K`,
    during: VALIDATION,
  },
  {
    place: 'foreign key to a table of another unprivileged role',
    sql: `${COLOR} ${KEY_WITH_INDEX} CREATE TABLE @T (a @C REFERENCES @K); INSERT INTO @T VALUES ('red'); ${AS_SUPERUSER} ALTER TABLE @K OWNER TO tenant; ${AS_APP}`,
    during: VALIDATION,
    alsoAs: 'tenant',
  },
  {
    place: 'foreign key of a table of another unprivileged role',
    sql: `${KEY_WITH_INDEX} CREATE TABLE @T (a int REFERENCES @K); ${INSERT}; ${AS_SUPERUSER} ALTER TABLE @T OWNER TO tenant; ${AS_APP}`,
    during: VALIDATION,
    alsoAs: 'tenant',
  },
  {
    place: 'trigger',
    sql: `${TABLE} ${FIRED} CREATE TRIGGER z BEFORE INSERT ON @T FOR EACH ROW EXECUTE FUNCTION @G()`,
    control: INSERT,
  },
  {
    place: 'trigger that is always enabled',
    sql: `${TABLE} ${FIRED} CREATE TRIGGER z BEFORE INSERT ON @T FOR EACH ROW EXECUTE FUNCTION @G(); ALTER TABLE @T ENABLE ALWAYS TRIGGER z`,
    control: `SET session_replication_role = replica; ${INSERT}`,
  },
  {
    place: 'deferred constraint trigger',
    sql: `${TABLE} ${FIRED} CREATE CONSTRAINT TRIGGER z AFTER INSERT ON @T DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION @G()`,
    control: INSERT,
  },
  { place: 'rule', sql: `${TABLE} CREATE RULE r AS ON INSERT TO @T DO ALSO SELECT @F(1)`, control: INSERT },
  {
    place: 'policy',
    sql: `${TABLE} CREATE POLICY p ON @T USING (@F(a) = 1); ALTER TABLE @T ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`,
    control: 'GRANT USAGE ON SCHEMA app TO tenant; GRANT SELECT ON @T TO tenant; SET ROLE tenant; TABLE @T',
    controlRole: 'tenant',
  },
];

/** Objects that belong to superusers, or that superusers made for the role. */
export const OTHER_PLACES: readonly Place[] = [
  {
    place: 'operator class with a support function',
    sql: `CREATE FUNCTION @O(a int, b int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM @F(1); RETURN pg_catalog.btint4cmp(a, b); END';
      ${AS_SUPERUSER} CREATE OPERATOR CLASS @Y FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 @O(int, int);
      ALTER OPERATOR CLASS @Y USING btree OWNER TO app; ALTER OPERATOR FAMILY @Y USING btree OWNER TO app; ${AS_APP} ${TABLE} INSERT INTO @T VALUES (2); CREATE INDEX ON @T (a @Y)`,
  },
  { place: 'cast', sql: `${COLOR} CREATE TABLE @T (a @C CHECK (a::int = 1)); INSERT INTO @T VALUES ('red')` },
  {
    place: 'text search configuration',
    sql: `CREATE TEXT SEARCH CONFIGURATION @N (COPY = pg_catalog.simple); CREATE TABLE @T (a int, b tsvector GENERATED ALWAYS AS (pg_catalog.to_tsvector('@N', @F(a)::text)) STORED); ${INSERT}`,
  },
  {
    place: 'foreign table',
    sql: 'CREATE FOREIGN TABLE @T (a int DEFAULT @F(1) CHECK (@F(1) = 1)) SERVER elsewhere',
    control: 'DO $$ BEGIN INSERT INTO @T DEFAULT VALUES; EXCEPTION WHEN OTHERS THEN NULL; END $$',
  },
  ...(
    [
      ['check', 'CREATE TABLE @T (a int CHECK (@F(a) = 1));'],
      ['domain', `${DOMAIN} CREATE TABLE @T (a @D);`],
      ['generated column', 'CREATE TABLE @T (a int, b int GENERATED ALWAYS AS (@F(a)) STORED);'],
      [
        'partition key',
        'CREATE TABLE @T (a int) PARTITION BY RANGE (@F(a)); CREATE TABLE @T_1 PARTITION OF @T FOR VALUES FROM (0) TO (9); ALTER TABLE @T_1 OWNER TO CURRENT_USER;',
      ],
      ['index', 'CREATE TABLE @T (a int); CREATE INDEX ON @T (@F(a));'],
    ] as const
  ).map(([what, sql]) => ({
    place: `${what} of a table of a superuser`,
    sql: `${sql.startsWith('CREATE DOMAIN') ? '' : AS_SUPERUSER} ${sql} ${AS_SUPERUSER} ALTER TABLE @T OWNER TO CURRENT_USER; ${INSERT}; ${AS_APP}`,
  })),
  {
    place: 'foreign key of a table of a superuser',
    sql: `${COLOR} ${AS_SUPERUSER} ${KEY} CREATE TABLE @T (a @C REFERENCES @K); INSERT INTO @T VALUES ('red'); ${AS_APP}`,
  },
  {
    place: 'materialized view of a superuser',
    sql: `${AS_SUPERUSER} CREATE MATERIALIZED VIEW @V AS SELECT @F(1) AS g; ${AS_APP}`,
  },
  {
    place: 'event trigger of a superuser',
    sql: `CREATE FUNCTION @G() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM @F(1); END';
      ${AS_SUPERUSER} CREATE EVENT TRIGGER hostile ON ddl_command_end WHEN TAG IN ('CREATE INDEX', 'CREATE VIEW', 'ALTER TABLE', 'COMMENT', 'GRANT', 'REVOKE') EXECUTE FUNCTION @G(); ${AS_APP}`,
    control: 'CREATE VIEW @V AS SELECT 1 AS a',
  },
  ...Object.entries({
    'SECURITY DEFINER function without EXECUTE': 'SELECT public.privileged()',
    'schema of another role': 'CREATE TABLE bystander.planted ()',
  }).flatMap(([what, aim]) => [
    { place: `${what}, from a check`, aim, sql: `CREATE TABLE @T (a int CHECK (@F(a) = 1)); ${INSERT}` },
    { place: `${what}, from an index`, aim, sql: `${TABLE} CREATE INDEX ON @T (@F(a))` },
  ]),
  {
    place: 'large object of another role, from an index',
    aim: 'SELECT pg_catalog.lo_get(4343)',
    sql: `${TABLE} CREATE INDEX ON @T (@F(a))`,
  },
];
