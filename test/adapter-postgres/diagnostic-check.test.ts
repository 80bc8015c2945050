import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FolderDiagnosticCheck, StagingDiagnosticCheck } from '@geolens/backup-adapter-local';
import { PgDiagnosticCheck } from '@geolens/backup-adapter-postgres';
import type { DiagnosticResult } from '@geolens/backup-core/internal';
import { anyCluster, clusters, freshDatabase, type TestDatabase } from '../support/clusters.ts';
import { freePort } from '../support/free-port.ts';
import { leftIn } from './support/restore-tests.ts';
import { env, everything, never, producerFor, within } from './support/producers.ts';

/** A role without any right, gone with the test. */
async function newRole(database: TestDatabase): Promise<string> {
  const role = `r_${randomUUID()}`;
  await database.query(`CREATE ROLE "${role}" LOGIN`);
  onTestFinished(async () => {
    await database.query(`DROP OWNED BY "${role}"; DROP ROLE "${role}"`).catch(() => undefined);
  });
  return role;
}

function inspected(
  database: Omit<TestDatabase, 'url' | 'client' | 'query'>,
  user = database.user,
  rolePasswords = false,
): Promise<readonly DiagnosticResult[]> {
  const { host, port, binDir, database: name } = database;
  return new PgDiagnosticCheck({
    connection: { host, port, user, database: name },
    rolePasswords,
    binDir,
    env,
  }).inspect({ signal: never });
}

const failing = (results: readonly DiagnosticResult[]): readonly string[] =>
  results.filter(({ level }) => level !== 'ok').map(({ subject }) => subject);

describe.each(clusters())('a look at $title', (facts) => {
  it('finds nothing wrong for whoever may read everything', async () => {
    const results = await inspected(await freshDatabase(facts));
    expect(failing(results), JSON.stringify(results)).toEqual([]);
    expect(results.map(({ subject }) => subject)).toEqual([
      'server',
      'pg_dump',
      'content',
      'rights: schemas',
      'rights: tables',
      'rights: sequences',
      'rights: row security',
      'rights: large objects',
    ]);
    const content = results.find(({ subject }) => subject === 'content');
    expect(content!.contentBytes).toBeGreaterThan(1e6);
  });

  it.each<[string, string, string, (role: string) => string]>([
    [
      'schemas',
      'CREATE SCHEMA "S s"; CREATE TABLE "S s".t (id int); GRANT SELECT ON "S s".t TO PUBLIC',
      'the role may not use the schemas "S s"',
      (role) => `GRANT USAGE ON SCHEMA "S s" TO "${role}"`,
    ],
    [
      'tables',
      'CREATE TABLE public.hidden (id int)',
      'the role may not read 1 of the tables: public.hidden',
      (role) => `GRANT SELECT ON public.hidden TO "${role}"`,
    ],
    [
      'sequences',
      'CREATE SEQUENCE public.counter',
      'the role may not read 1 of the sequences: public.counter',
      (role) => `GRANT SELECT ON SEQUENCE public.counter TO "${role}"`,
    ],
    [
      'row security',
      'CREATE TABLE public.rows (id int); GRANT SELECT ON public.rows TO PUBLIC; ALTER TABLE public.rows ENABLE ROW LEVEL SECURITY',
      'row-level security hides rows from the role, which pg_dump refuses: public.rows',
      (role) => `ALTER ROLE "${role}" BYPASSRLS`,
    ],
    [
      'large objects',
      "SELECT lo_from_bytea(4711, '\\x00')",
      'the role may not read 1 of the large objects: 4711',
      (role) => `GRANT SELECT ON LARGE OBJECT 4711 TO "${role}"`,
    ],
  ])(
    'finds the missing right over which a dump fails, and names the one that repairs it: %s',
    async (kind, make, message, hint) => {
      const database = await freshDatabase(facts, { content: 'empty' });
      const role = await newRole(database);
      await database.query(
        `CREATE TABLE public.plain (id int); GRANT SELECT ON public.plain TO PUBLIC; ${make}`,
      );
      const dump = (): Promise<unknown> =>
        within(
          producerFor({ ...facts, database: database.database }, { connection: { user: role } }),
          everything,
        );
      const results = await inspected(database, role);
      expect(failing(results)).toEqual([`rights: ${kind}`]);
      const found = results.find(({ level }) => level === 'fail')!;
      expect(found).toMatchObject({ message });
      expect(found.hint).toContain(hint(role));
      await expect(dump()).rejects.toMatchObject({ code: 'DATABASE_FORBIDDEN' });
      await database.query(hint(role));
      expect(failing(await inspected(database, role))).toEqual([]);
      await dump();
    },
  );
});

it('what does not answer is one finding, with the hint', async () => {
  const port = await freePort();
  const results = await inspected({ ...anyCluster(), host: '127.0.0.1', port, database: 'geolens' });
  expect(results).toEqual([
    {
      subject: 'server',
      level: 'fail',
      message: expect.stringContaining(`127.0.0.1:${port}`) as string,
      details: { reason: 'server-down' },
      hint: expect.stringContaining('host and port') as string,
    },
  ]);
});

it('an empty database is doubted, and a role that may not read password hashes is told so where they are wanted', async () => {
  const database = await freshDatabase(anyCluster(), { content: 'empty' });
  const results = await inspected(database, await newRole(database), true);
  expect(results.filter(({ level }) => level !== 'ok')).toMatchObject([
    {
      subject: 'content',
      level: 'warn',
      message: 'the database has no tables',
      details: { reason: 'database-empty' },
    },
    { subject: 'rights: role passwords', level: 'fail', details: { reason: 'role-passwords-forbidden' } },
  ]);
});

it('programs that are missing are found before a run misses them', async () => {
  const database = await freshDatabase(anyCluster(), { content: 'empty' });
  const results = await inspected({ ...database, binDir: '/nowhere' });
  expect(results.find(({ subject }) => subject === 'pg_dump')).toMatchObject({
    level: 'fail',
    message: expect.stringContaining('/nowhere') as string,
  });
});

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'geolens-backup-test-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

it('a look at the folder of the sets writes there, and leaves nothing', async () => {
  const path = await folder();
  expect(await new FolderDiagnosticCheck({ path }).inspect({ signal: never })).toMatchObject([
    { subject: 'folder', level: 'ok' },
    { subject: 'hard links', level: 'ok' },
  ]);
  expect(await leftIn(path)).toEqual([]);
  const file = join(path, 'file');
  await writeFile(file, '');
  expect(
    await new FolderDiagnosticCheck({ path: file, label: 'BACKUP_DIR' }).inspect({ signal: never }),
  ).toMatchObject([
    {
      subject: 'folder',
      level: 'fail',
      message: expect.stringContaining('BACKUP_DIR=') as string,
      hint: expect.any(String) as string,
    },
  ]);
});

it('a look at the staging folder says what there is, and that there is none', async () => {
  const path = await folder();
  const inspect = (of: string): Promise<readonly DiagnosticResult[]> =>
    new StagingDiagnosticCheck(of).inspect({ signal: never });
  expect(await inspect(path)).toMatchObject([
    { level: 'warn', message: `${path} is empty: sets have no staging archive` },
  ]);
  expect(await inspect(join(path, 'none'))).toMatchObject([
    { level: 'warn', message: `${path}/none does not exist: sets have no staging archive` },
  ]);
  await mkdir(join(path, 'a/b'), { recursive: true });
  await writeFile(join(path, 'a/b/c'), '');
  expect(await inspect(path)).toMatchObject([{ level: 'ok', message: `${path}: 3 entries can be read` }]);
});
