import { randomUUID } from 'node:crypto';
import { inject, onTestFinished } from 'vitest';
import { ClusterClient } from './cluster-client.ts';

/** What the tests need to know of a server that global-setup started. */
export interface ClusterFacts {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly binDir: string;
  readonly major: number;
  readonly vector: boolean;
  /**
   * A database with the schema and rows of fixtures/geolens.sql, to be copied and never to be connected to.
   */
  readonly template: string;
}

/** A database of its own for one test. */
export interface TestDatabase extends ClusterFacts {
  readonly database: string;
  readonly url: string;
  readonly client: ClusterClient;
  /** Rows as psql prints them, unaligned, columns parted by `|`. */
  query(sql: string): Promise<string>;
}

/** The shared servers, by title for `describe.each`. */
export function clusters(): readonly (ClusterFacts & { readonly title: string })[] {
  return inject('clusters').map((facts) => ({ ...facts, title: `PostgreSQL ${facts.major}` }));
}

/**
 * The newest of the shared servers alone, or all of them with `MODE=long`: for what differs little from one
 * to the other, and is tried on all below the command line.
 */
export function newestCluster(): readonly (ClusterFacts & { readonly title: string })[] {
  const all = clusters().toSorted((one, other) => other.major - one.major);
  return process.env['MODE'] === 'long' ? all : all.slice(0, 1);
}

/** The machine's own server. */
export function anyCluster(): ClusterFacts {
  return inject('clusters')[0]!;
}

export interface FreshDatabaseOptions {
  readonly name?: string;
  /** `geolens` (the default): a copy of the fixture. `empty`: nothing in it. */
  readonly content?: 'geolens' | 'empty';
}

/** Makes a database for the test that runs, and drops it when that is finished. */
export async function freshDatabase(
  facts: ClusterFacts = anyCluster(),
  options: FreshDatabaseOptions = {},
): Promise<TestDatabase> {
  const { host, port, user, binDir, template } = facts;
  const database = options.name ?? `t_${randomUUID().replaceAll('-', '')}`;
  const client = new ClusterClient(binDir, { host, port, user, password: undefined });
  const quoted = `"${database.replaceAll('"', '""')}"`;
  await client.psql(
    'postgres',
    `CREATE DATABASE ${quoted} TEMPLATE ${options.content === 'empty' ? 'template0' : template}`,
  );
  if (options.content !== 'empty') await carryOver(client, template, database);
  onTestFinished(async () => {
    await client.psql(
      'postgres',
      `SET client_min_messages = error; DROP DATABASE IF EXISTS ${quoted} WITH (FORCE)`,
    );
  });
  const url = `postgresql://${user}@${host}:${port}/${encodeURIComponent(database)}`;
  return { ...facts, database, url, client, query: (sql) => client.psql(database, sql) };
}

/** A template's grants and settings on the database itself do not come along. */
async function carryOver(client: ClusterClient, from: string, to: string): Promise<void> {
  const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  await client.psql(
    'postgres',
    `UPDATE pg_database SET datacl = (SELECT datacl FROM pg_database WHERE datname = ${literal(from)}) WHERE datname = ${literal(to)};
     INSERT INTO pg_db_role_setting SELECT t.oid, s.setrole, s.setconfig FROM pg_db_role_setting s, pg_database f, pg_database t
      WHERE s.setdatabase = f.oid AND f.datname = ${literal(from)} AND t.datname = ${literal(to)};`,
  );
}
