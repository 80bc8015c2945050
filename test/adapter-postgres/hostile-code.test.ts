import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RestorerEvent } from '@geolens/backup-core';
import { PgDiagnosticCheck } from '../../packages/adapter-postgres/src/pg-diagnostic-check.ts';
import { PgDumpRestorer } from '../../packages/adapter-postgres/src/restore/pg-dump-restorer.ts';
import { clusters, freshDatabase } from '../support/clusters.ts';
import { restoreInto } from './support/by-hand.ts';
import { hostileDatabase } from './support/hostile.ts';
import { env, everything, never, producerFor, within } from './support/producers.ts';
import { backupOf, restoring } from './support/restoring.ts';

describe.each(clusters())('code of an unprivileged role, on $title,', (facts) => {
  it('runs as a superuser where a superuser counts rows with SELECT', async () => {
    const hostile = await hostileDatabase(facts, { loading: true });
    const { database, role } = hostile;
    const tables = ['t_index', 't_partial', 't_viewed'].map(
      (table) => `SELECT count(*) FROM ONLY ${role}.${table}`,
    );
    await database.query(`BEGIN READ ONLY; ${tables.join('; ')}; ROLLBACK`);
    expect(await hostile.ranAsSuperuser()).toEqual([
      'index',
      'index of a materialized view',
      'partial index',
    ]);
  });

  it('runs as a superuser where a dump is restored without owners, as the old way did', async () => {
    const hostile = await hostileDatabase(facts, { loading: true });
    const { database } = hostile;
    const { dump } = await within(producerFor(database), everything);
    const target = await freshDatabase(facts, { content: 'empty' });
    await restoreInto(target.client, target.database, dump); // with --no-owner
    await target.query('ANALYZE');
    expect(await hostile.ranAsSuperuser()).toEqual(
      expect.arrayContaining([
        'index',
        'index over a column',
        'materialized view',
        'partial index',
        'statistics',
      ]),
    );
  });

  it('runs as a superuser where a superuser adds a row, in checks, domains, generated columns and partition keys', async () => {
    const hostile = await hostileDatabase(facts, { loading: true });
    const { database, role } = hostile;
    for (const table of ['t_check', 't_domain', 't_generated (a)', 't_parts'])
      await database.query(`INSERT INTO ${role}.${table} VALUES (1)`);
    expect(await hostile.ranAsSuperuser()).toEqual(['check', 'domain', 'generated column', 'partition key']);
  });

  it('does not run as one in a run: snapshot, dump, globals, reading back and counting', async () => {
    const hostile = await hostileDatabase(facts, { loading: true });
    const { database, role } = hostile;
    const { counts } = await within(producerFor(database), everything);
    expect(counts).toContainEqual({ schema: role, table: 't_index', rows: 1 });
    expect(await hostile.ranAsSuperuser()).toEqual([]);
  });

  it('does not run as one when doctor inspects the database', async () => {
    const hostile = await hostileDatabase(facts, { loading: true });
    const { database } = hostile;
    const { host, port, user, binDir } = database;
    const results = await new PgDiagnosticCheck({
      connection: { host, port, user, database: database.database },
      rolePasswords: true,
      binDir,
      env,
    }).inspect({ signal: never });
    expect(results.filter(({ level }) => level === 'fail')).toEqual([]);
    expect(await hostile.ranAsSuperuser()).toEqual([]);
  });

  it('does not run as one in a restore beside the live database', async () => {
    const hostile = await hostileDatabase(facts, { loading: true });
    const { database, role } = hostile;
    const backup = await backupOf(database);
    await restoring(database, async (session) => {
      const aside = await session.restoreAside(backup);
      expect(aside.rows).toContainEqual({ schema: role, table: 't_column', rows: 1 });
      const { previous } = await aside.swap();
      await session.finishSwap(previous, { drop: true });
    });
    expect(await hostile.ranAsSuperuser()).toEqual([]);
    // What it was made for still works: as its owner.
    expect(
      await database.query(
        `SELECT g FROM ${role}.t_view; SELECT pg_catalog.pg_get_userbyid(relowner) FROM pg_catalog.pg_class WHERE relname = 't_view'`,
      ),
    ).toBe(`1\n${role}`);
  });

  it('does not run as one in a restore in place', async () => {
    const hostile = await hostileDatabase(facts, { loading: true });
    const { database, role } = hostile;
    const backup = await backupOf(database);
    const { rows } = await restoring(database, (session) => session.restoreInPlace(backup));
    expect(rows).toContainEqual({ schema: role, table: 't_partial', rows: 1 });
    expect(await hostile.ranAsSuperuser()).toEqual([]);
  });

  it('does not run as one when single tables come back, with what depends on them', async () => {
    const hostile = await hostileDatabase(facts, { loading: true });
    const { database, role } = hostile;
    await database.query(
      `SET SESSION AUTHORIZATION ${role}; CREATE MATERIALIZED VIEW ${role}.over AS SELECT a, ${role}.f5(1) AS g FROM ${role}.t_index`,
    );
    const backup = await backupOf(database);
    const tables = [
      't_index',
      't_column',
      't_partial',
      't_statistics',
      't_default',
      't_check',
      't_domain',
      't_generated',
      't_parts',
    ].map((table) => `${role}.${table}`);
    const { rows } = await restoring(database, (session) =>
      session.restoreTables(backup, { tables, schemas: [] }),
    );
    expect(rows).toHaveLength(tables.length);
    expect(await hostile.ranAsSuperuser()).toEqual([]);
  });

  it('does not run as one when missing objects come back that depend on a single table', async () => {
    const hostile = await hostileDatabase(facts, { loading: true });
    const { database, role } = hostile;
    await database.query(`SET SESSION AUTHORIZATION ${role}; CREATE MATERIALIZED VIEW ${role}.over AS SELECT a, ${role}.f5(1) AS g FROM ${role}.t_index; CREATE INDEX ON ${role}.over (${role}.f0(a));
      CREATE MATERIALIZED VIEW ${role}.over_over AS SELECT ${role}.f5(a) AS g FROM ${role}.over WHERE ${role}.f2(1) = 1`);
    const backup = await backupOf(database);
    await database.query(`SET client_min_messages = error; DROP TABLE ${role}.t_index CASCADE`);
    const { incomplete } = await restoring(database, (session) =>
      session.restoreTables(backup, { tables: [`${role}.t_index`], schemas: [], withDependents: true }),
    );
    expect(incomplete).toEqual([]);
    expect(
      await database.query(
        `SELECT relowner::regrole, relispopulated FROM pg_class WHERE relname ~ '^over' AND relkind = 'm'`,
      ),
    ).toBe(`${role}|t\n${role}|t`);
    expect(await hostile.ranAsSuperuser()).toEqual([]);
  });

  it('cannot get into the database that is being filled; once it has its privileges, it is as open as the live one', async () => {
    const { database, role } = await hostileDatabase(facts, { loading: true });
    const { host, port, user, binDir } = database;
    const psql = (as: string, name: string, sql: string): string => {
      const { stdout, stderr } = spawnSync(
        join(binDir, 'psql'),
        ['-XAtq', '-h', host, '-p', String(port), '-U', as, '-d', name, '-c', sql],
        { encoding: 'utf8' },
      );
      return (stdout + stderr).trim();
    };
    const restoringName = (): string =>
      psql(
        user,
        'postgres',
        `SELECT datname FROM pg_database WHERE pg_catalog.starts_with(datname, '${database.database.slice(0, 30)}') AND datname LIKE '%\\_restoring\\_%'`,
      );
    const attempts: string[] = [];
    const observer = ({ event, step }: RestorerEvent): void => {
      if (event === 'step' && (step === 'restore' || step === 'rights'))
        attempts.push(psql(role, restoringName(), 'SELECT 1'));
    };
    const backup = await backupOf(database);
    const restorer = new PgDumpRestorer({
      connection: { host, port, user, database: database.database },
      binDir,
      env,
      jobs: 2,
    });
    const session = await restorer.open(database.database, { exclusive: true, signal: never, observer });
    try {
      const aside = await session.restoreAside(backup);
      expect(attempts).toEqual([
        expect.stringContaining('permission denied for database'),
        expect.stringContaining('permission denied for database'),
      ]);
      expect(psql(role, restoringName(), 'SELECT 1')).toBe('1');
      await aside.discard();
    } finally {
      await session.close();
    }
  });
});
