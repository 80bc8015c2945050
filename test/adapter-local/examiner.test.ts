import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FolderExaminer, PgExaminer, StagingExaminer } from '@geolens/backup-adapter-local';
import type { Finding } from '@geolens/backup-core';
import { anyCluster, clusters, freshDatabase, type TestDatabase } from '../support/clusters.ts';
import { freePort } from '../support/free-port.ts';
import { leftIn } from './support/drills.ts';
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

function examined(
  database: Omit<TestDatabase, 'url' | 'client' | 'query'>,
  user = database.user,
  rolePasswords = false,
): Promise<readonly Finding[]> {
  const { host, port, binDir, database: name } = database;
  return new PgExaminer({
    connection: { host, port, user, database: name },
    rolePasswords,
    binDir,
    env,
  }).examine({ signal: never });
}

const failing = (findings: readonly Finding[]): readonly string[] =>
  findings.filter(({ level }) => level !== 'ok').map(({ concern }) => concern);

describe.each(clusters())('a look at $title', (facts) => {
  it('finds nothing wrong for whoever may read everything', async () => {
    const findings = await examined(await freshDatabase(facts));
    expect(failing(findings), JSON.stringify(findings)).toEqual([]);
    expect(findings.map(({ concern }) => concern)).toEqual([
      'server',
      'pg_dump',
      'content',
      'rights: schemas',
      'rights: tables',
      'rights: sequences',
      'rights: row security',
      'rights: large objects',
    ]);
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
    'finds the missing right over which a dump fails, and names the one that mends it: %s',
    async (kind, make, message, mend) => {
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
      const findings = await examined(database, role);
      expect(failing(findings)).toEqual([`rights: ${kind}`]);
      const found = findings.find(({ level }) => level === 'fail')!;
      expect(found).toMatchObject({ message });
      expect(found.mend).toContain(mend(role));
      await expect(dump()).rejects.toMatchObject({ code: 'DATABASE_FORBIDDEN' });
      await database.query(mend(role));
      expect(failing(await examined(database, role))).toEqual([]);
      await dump();
    },
  );
});

it('what does not answer is one finding, with the mend', async () => {
  const port = await freePort();
  const findings = await examined({ ...anyCluster(), host: '127.0.0.1', port, database: 'geolens' });
  expect(findings).toEqual([
    {
      concern: 'server',
      level: 'fail',
      message: expect.stringContaining(`127.0.0.1:${port}`) as string,
      mend: expect.stringContaining('POSTGRES_HOST') as string,
    },
  ]);
});

it('an empty database is doubted, and a role that may not read password hashes is told so where they are wanted', async () => {
  const database = await freshDatabase(anyCluster(), { content: 'empty' });
  const findings = await examined(database, await newRole(database), true);
  expect(findings.filter(({ level }) => level !== 'ok')).toMatchObject([
    { concern: 'content', level: 'warn', message: 'the database has no tables' },
    { concern: 'rights: role passwords', level: 'fail' },
  ]);
});

it('programs that are missing are found before a run misses them', async () => {
  const database = await freshDatabase(anyCluster(), { content: 'empty' });
  const findings = await examined({ ...database, binDir: '/nowhere' });
  expect(findings.find(({ concern }) => concern === 'pg_dump')).toMatchObject({
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
  expect(await new FolderExaminer({ path }).examine({ signal: never })).toMatchObject([
    { concern: 'folder', level: 'ok' },
    { concern: 'hard links', level: 'ok' },
  ]);
  expect(await leftIn(path)).toEqual([]);
  const file = join(path, 'file');
  await writeFile(file, '');
  expect(
    await new FolderExaminer({ path: file, label: 'BACKUP_DIR' }).examine({ signal: never }),
  ).toMatchObject([
    {
      concern: 'folder',
      level: 'fail',
      message: expect.stringContaining('BACKUP_DIR=') as string,
      mend: expect.any(String) as string,
    },
  ]);
});

it('a look at the staging folder says what there is, and that there is none', async () => {
  const path = await folder();
  const look = (of: string): Promise<readonly Finding[]> =>
    new StagingExaminer(of).examine({ signal: never });
  expect(await look(path)).toMatchObject([
    { level: 'warn', message: `${path} is empty: sets have no staging archive` },
  ]);
  expect(await look(join(path, 'none'))).toMatchObject([
    { level: 'warn', message: `${path}/none does not exist: sets have no staging archive` },
  ]);
  await mkdir(join(path, 'a/b'), { recursive: true });
  await writeFile(join(path, 'a/b/c'), '');
  expect(await look(path)).toMatchObject([{ level: 'ok', message: `${path}: 3 entries can be read` }]);
});
