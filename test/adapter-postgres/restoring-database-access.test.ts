import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RestorerEvent } from '@geolens/backup-core';
import { PgDumpRestorer } from '../../packages/adapter-postgres/src/restore/pg-dump-restorer.ts';
import { clusters, freshDatabase } from '../support/clusters.ts';
import { env, never } from './support/producers.ts';
import { backupOf } from './support/restoring.ts';

describe.each(clusters())('a role that may not manage the server, on $title,', (facts) => {
  it('cannot get into the database that is being filled; once it has its privileges, it is as open as the live one', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    const role = `app_${randomUUID().slice(0, 8)}`;
    onTestFinished(() =>
      database.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`).then(() => undefined),
    );
    await database.query(
      `CREATE ROLE ${role} LOGIN; CREATE SCHEMA ${role} AUTHORIZATION ${role}; CREATE TABLE ${role}.t (a int); ALTER TABLE ${role}.t OWNER TO ${role}`,
    );
    const { host, port, user, binDir } = database;
    // Synchronous, so that the restore does not go on meanwhile.
    const psql = (as: string, name: string, sql: string): string => {
      const connection = ['-h', host, '-p', String(port), '-U', as, '-d', name];
      const { stdout, stderr } = spawnSync(join(binDir, 'psql'), ['-XAtq', ...connection, '-c', sql], {
        encoding: 'utf8',
      });
      return (stdout + stderr).trim();
    };
    const attempt = (): string => {
      const name = psql(
        user,
        'postgres',
        `SELECT datname FROM pg_database WHERE pg_catalog.starts_with(datname, '${database.database.slice(0, 30)}') AND datname LIKE '%\\_restoring\\_%'`,
      );
      return psql(role, name, 'SELECT 1');
    };
    const attempts: string[] = [];
    const observer = ({ event, step }: RestorerEvent): void => {
      if (event === 'step' && (step === 'restore' || step === 'rights')) attempts.push(attempt());
    };
    const backup = await backupOf(database);
    const connection = { host, port, user, database: database.database };
    const restorer = new PgDumpRestorer({ connection, binDir, env, jobs: 2 });
    const session = await restorer.open(database.database, { exclusive: true, signal: never, observer });
    try {
      const aside = await session.restoreAside(backup);
      expect(attempts).toEqual([
        expect.stringContaining('permission denied for database'),
        expect.stringContaining('permission denied for database'),
      ]);
      expect(attempt()).toBe('1');
      await aside.discard();
    } finally {
      await session.close();
    }
  });
});
