import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { anyCluster, freshDatabase, type ClusterFacts, type TestDatabase } from '../../support/clusters.ts';

/**
 * A database in which a role without any privilege has left code that runs a program on the server once it is
 * a superuser.
 */
export interface HostileDatabase {
  readonly database: TestDatabase;
  /** The role, which is also the name of its schema. */
  readonly role: string;
  /** Which pieces of code ran as a superuser since the last call. */
  ranAsSuperuser(): Promise<readonly string[]>;
}

/** SQL for each place that PostgreSQL evaluates an expression in; `NAME` records who evaluates it. */
const PLACES = {
  index: 'CREATE TABLE t_index (a int); INSERT INTO t_index VALUES (1); CREATE INDEX ON t_index ((NAME(1)))',
  'index over a column':
    'CREATE TABLE t_column (a int); INSERT INTO t_column VALUES (1); CREATE INDEX ON t_column (NAME(a))',
  'partial index':
    'CREATE TABLE t_partial (a int); INSERT INTO t_partial VALUES (1); CREATE INDEX ON t_partial (a) WHERE NAME(1) = 1',
  statistics:
    'CREATE TABLE t_statistics (a int, b int); INSERT INTO t_statistics VALUES (1, 2); CREATE STATISTICS s ON (NAME(a)), b FROM t_statistics',
  default: 'CREATE TABLE t_default (a int DEFAULT NAME(1), b int); INSERT INTO t_default (b) VALUES (1)',
  'materialized view': 'CREATE MATERIALIZED VIEW t_view AS SELECT NAME(1) AS g',
  'index of a materialized view':
    'CREATE MATERIALIZED VIEW t_viewed AS SELECT 1 AS a; CREATE INDEX ON t_viewed ((NAME(1)))',
  trigger: `CREATE TABLE t_trigger (a int); INSERT INTO t_trigger VALUES (1);
    CREATE FUNCTION fired() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN PERFORM NAME(1); RETURN NEW; END $f$;
    CREATE TRIGGER fires BEFORE INSERT ON t_trigger FOR EACH ROW EXECUTE FUNCTION fired(); ALTER TABLE t_trigger ENABLE ALWAYS TRIGGER fires`,
} as const;

/**
 * Places that PostgreSQL evaluates as the role that loads rows, whoever owns them: a restore by a superuser
 * does not close these yet.
 */
const PLACES_OF_LOADING = {
  check: 'CREATE TABLE t_check (a int CHECK (NAME(a) = 1)); INSERT INTO t_check VALUES (1)',
  domain:
    'CREATE DOMAIN d AS int CHECK (NAME(VALUE) = 1); CREATE TABLE t_domain (a d); INSERT INTO t_domain VALUES (1)',
  'generated column':
    'CREATE TABLE t_generated (a int, b int GENERATED ALWAYS AS (NAME(a)) STORED); INSERT INTO t_generated VALUES (1)',
  'partition key':
    'CREATE TABLE t_parts (a int) PARTITION BY RANGE (NAME(a)); CREATE TABLE t_part PARTITION OF t_parts DEFAULT; INSERT INTO t_parts VALUES (1)',
} as const;

export interface HostileOptions {
  /** Also in the places that a restore evaluates as the restoring role. */
  readonly loading?: boolean;
}

/** Makes the database on a server of the tests. Programs that its code runs leave a file each. */
export async function hostileDatabase(
  facts: ClusterFacts = anyCluster(),
  { loading = false }: HostileOptions = {},
): Promise<HostileDatabase> {
  const database = await freshDatabase(facts, { content: 'empty' });
  const role = `app_${randomUUID().slice(0, 8)}`;
  const folder = await mkdtemp(join(tmpdir(), 'hostile-'));
  await chmod(folder, 0o777);
  onTestFinished(async () => {
    await database.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
    await rm(folder, { recursive: true, force: true });
  });
  await database.query(
    `CREATE ROLE ${role} LOGIN; CREATE SCHEMA ${role} AUTHORIZATION ${role}; CREATE TABLE public.big (id int PRIMARY KEY); INSERT INTO public.big SELECT generate_series(1, 500)`,
  );
  const places = Object.entries({ ...PLACES, ...(loading && PLACES_OF_LOADING) }).map(
    ([place, sql], index) => {
      const name = `${role}.f${index}`;
      // An immutable function is evaluated early; what it does itself has to look harmless to the planner.
      return `CREATE FUNCTION ${role}.grab${index}() RETURNS int LANGUAGE plpgsql VOLATILE AS $grab$
      BEGIN
        IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
          BEGIN EXECUTE pg_catalog.format('COPY (SELECT 1) TO PROGRAM %L', 'cat > /dev/null; touch "${folder}/${place}"'); EXCEPTION WHEN OTHERS THEN NULL; END;
        END IF;
        RETURN 1;
      END $grab$;
      CREATE FUNCTION ${name}(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $f$ BEGIN RETURN ${role}.grab${index}(); END $f$;
      ${sql.replaceAll('NAME', name)};`;
    },
  );
  await database.query(`SET SESSION AUTHORIZATION ${role}; SET search_path = ${role}; ${places.join('\n')}`);
  const ranAsSuperuser = async (): Promise<readonly string[]> => {
    const files = (await readdir(folder)).sort();
    for (const file of files) await rm(join(folder, file));
    return files;
  };
  await ranAsSuperuser();
  return { database, role, ranAsSuperuser };
}
