import {
  freshDatabase,
  type ClusterFacts,
  type FreshDatabaseOptions,
  type TestDatabase,
} from '../../support/clusters.ts';

/** A database with a few small tables, made in a fraction of the time of the whole fixture. */
export async function smallDatabase(
  facts: ClusterFacts,
  options: Omit<FreshDatabaseOptions, 'content'> = {},
): Promise<TestDatabase> {
  const database = await freshDatabase(facts, { ...options, content: 'empty' });
  await database.query(`
    CREATE SCHEMA data;
    CREATE TABLE data.stations (id integer PRIMARY KEY, name text);
    CREATE TABLE data.stations_abroad (country text) INHERITS (data.stations);
    INSERT INTO data.stations SELECT n, 'Station ' || n FROM generate_series(1, 50) n;
    INSERT INTO data.stations_abroad SELECT n, 'Abroad ' || n, 'CH' FROM generate_series(51, 70) n;
    CREATE TABLE data.requests (at integer) PARTITION BY RANGE (at);
    CREATE TABLE data.requests_old PARTITION OF data.requests FOR VALUES FROM (0) TO (100);
    CREATE TABLE data.requests_new PARTITION OF data.requests DEFAULT;
    INSERT INTO data.requests SELECT generate_series(1, 150);
    CREATE SEQUENCE data.numbers;
    CREATE TABLE data.large AS SELECT n, md5(n::text) AS text FROM generate_series(1, 20000) n;
    ALTER DEFAULT PRIVILEGES IN SCHEMA data GRANT SELECT ON TABLES TO PUBLIC;`);
  return database;
}
