import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BackupError, type Manifest } from '@geolens/backup-core';
import { freshMount, isRoot, mayMount } from '../../packages/system/test/support/folders.ts';
import { rowsIn } from '../cli/restore/support/flawed-dump.ts';
import { anyCluster, clusters, freshDatabase } from '../support/clusters.ts';
import {
  changedBackup,
  restoreTestIn,
  restoreTestParent,
  FEW,
  groundOf,
  leftIn,
  testedRestore,
  replaced,
} from './support/restore-tests.ts';
import { failure } from './support/failure.ts';
import { never } from './support/producers.ts';
import { backupOf } from './support/restoring.ts';
import { smallDatabase } from './support/small-database.ts';

const run = promisify(execFile);

describe.each(clusters())('a restore test of a bad dump of $title fails', (facts) => {
  it('when its rows are damaged', async () => {
    const [parent, database] = [await restoreTestParent(), await smallDatabase(facts)];
    const good = await changedBackup(database, (dump) => dump);
    const listing = await database.client.run('pg_restore', ['--list', good.dump.path!]);
    const input = await changedBackup(database, (dump) =>
      rowsIn(dump, listing)
        .find(({ names }) => names.includes('"stations"'))!
        .spoil(),
    );
    expect(await testedRestore(restoreTestIn(parent, facts), input)).toMatchObject({
      outcome: 'failed',
      problems: [expect.stringContaining('COPY failed for table "stations"') as string],
    });
    expect(await leftIn(parent)).toEqual([]);
  });

  it('when it is cut short, or is no dump', async () => {
    const [parent, database] = [await restoreTestParent(), await smallDatabase(facts)];
    for (const content of [
      (dump: Buffer) => dump.subarray(0, dump.length - 2000),
      (dump: Buffer) => dump.subarray(0, 500),
      () => Buffer.from('hello'),
    ]) {
      const testResult = await testedRestore(
        restoreTestIn(parent, facts),
        await changedBackup(database, content),
      );
      expect(testResult.outcome, JSON.stringify(testResult)).toBe('failed');
    }
    expect(await leftIn(parent)).toEqual([]);
  });

  it('when its rows break a constraint', async () => {
    const [parent, database] = [await restoreTestParent(), await smallDatabase(facts)];
    await database.query(
      `CREATE TABLE data.seen (station integer REFERENCES data.stations (id)); SET session_replication_role = replica; INSERT INTO data.seen VALUES (4711)`,
    );
    expect(await testedRestore(restoreTestIn(parent, facts), await backupOf(database))).toMatchObject({
      outcome: 'failed',
      problems: [expect.stringContaining('violates foreign key constraint') as string],
    });
  });
});

describe.each(clusters())('a restore test of a good dump of $title is inconclusive', (facts) => {
  it('where an extension is missing that it needs, or that is asked for besides', async () => {
    const [parent, database] = [await restoreTestParent(), await freshDatabase(facts, { content: 'empty' })];
    await database.query('CREATE EXTENSION pg_trgm; CREATE TABLE t AS SELECT 1 AS x');
    const input = await changedBackup(database, (dump) => replaced(dump, 'pg_trgm', 'pg_none'));
    const missing = (name: string): string =>
      `the extension ${name} is not installed for PostgreSQL ${facts.major} on this machine. Install its package`;
    expect(
      await testedRestore(
        restoreTestIn(parent, facts, { prerequisites: { extensions: ['pg_other'] } }),
        input,
      ),
    ).toEqual({ outcome: 'inconclusive', reasons: [missing('pg_none'), missing('pg_other')] });
    expect(await leftIn(parent)).toEqual([]);
  });

  it.runIf(isRoot)('where the file of a dictionary is missing, whatever needs the dictionary', async () => {
    const [parent, database] = [await restoreTestParent(), await freshDatabase(facts, { content: 'empty' })];
    const { stdout } = await run(join(facts.binDir, 'pg_config'), ['--sharedir']);
    const name = `words_${randomUUID().slice(0, 8)}`;
    const file = join(stdout.trim(), 'tsearch_data', `${name}.syn`);
    onTestFinished(() => rm(file, { force: true }));
    await writeFile(file, 'indices index', { mode: 0o644 });
    await database.query(`CREATE TEXT SEARCH DICTIONARY words (TEMPLATE = synonym, SYNONYMS = ${name}); CREATE TEXT SEARCH CONFIGURATION with_words (COPY = simple);
      ALTER TEXT SEARCH CONFIGURATION with_words ALTER MAPPING FOR asciiword WITH words, simple;
      CREATE TABLE texts (body text, found tsvector GENERATED ALWAYS AS (to_tsvector('with_words', body)) STORED); INSERT INTO texts VALUES ('indices')`);
    const backup = await backupOf(database);
    await rm(file);
    expect(await testedRestore(restoreTestIn(parent, facts), backup)).toEqual({
      outcome: 'inconclusive',
      reasons: [
        expect.stringMatching(
          /could not open synonym file ".*": No such file or directory \(SQLSTATE F0000\) \(entry TEXT SEARCH DICTIONARY/,
        ),
      ],
    });
  });

  it('where a locale is missing', async () => {
    const [parent, database] = [await restoreTestParent(), await smallDatabase(facts)];
    const databaseProperties = {
      owner: 'geolens',
      encoding: 'UTF8',
      collate: 'xx_XX.UTF-8',
      ctype: 'xx_XX.UTF-8',
    };
    const manifest = {
      database: 'x',
      extensions: [],
      artifacts: [],
      databaseProperties,
    } as unknown as Manifest;
    const { reasons } = (await testedRestore(restoreTestIn(parent, facts), {
      ...(await backupOf(database)),
      manifest,
    })) as { reasons: readonly string[] };
    expect(reasons).toEqual([expect.stringMatching(/xx_XX\.UTF-8.*Install that locale/)]);
  });

  it.runIf(mayMount)('where the disk becomes full in the middle', async () => {
    const [parent, database] = [
      await freshMount('size=140m,mode=755'),
      await freshDatabase(facts, { content: 'empty' }),
    ];
    await database.query(
      `CREATE TABLE much AS SELECT repeat(md5(n::text), 40) AS x FROM generate_series(1, 200000) n; ALTER TABLE much ALTER x SET STORAGE PLAIN`,
    );
    const { outcome, reasons } = (await testedRestore(
      restoreTestIn(parent, facts),
      await backupOf(database),
    )) as { outcome: string; reasons: readonly string[] };
    expect({ outcome, reasons }).toEqual({
      outcome: 'inconclusive',
      reasons: [expect.stringMatching(/(?:No space left on device|wrote only \d+ of).*Free disk space/s)],
    });
    expect(await leftIn(parent)).toEqual([]);
  });
});

it.runIf(clusters().length > 1)(
  'a restore test of a dump of a newer PostgreSQL than this machine has is inconclusive',
  async () => {
    const [older, newer] = [clusters()[0]!, clusters()[1]!];
    const [parent, database] = [await restoreTestParent(), await smallDatabase(newer)];
    const { reasons } = (await testedRestore(restoreTestIn(parent, older), await backupOf(database))) as {
      reasons: readonly string[];
    };
    expect(reasons).toEqual([expect.stringMatching(new RegExp(`pg_restore ${older.major}.*Install`))]);
    expect(await leftIn(parent)).toEqual([]);
  },
);

describe('there is no place for a restore test', () => {
  const facts = anyCluster();

  async function refused(folders: readonly string[], needs = FEW): Promise<readonly string[]> {
    const ground = await restoreTestIn('', facts, { folders }).open(needs, { signal: never });
    return 'inconclusive' in ground ? ground.inconclusive : ['there is'];
  }

  it('where too little is free, which is told of each folder', async () => {
    const parents = [await restoreTestParent(), await restoreTestParent()];
    expect(await refused(parents, { ...FEW, databaseBytes: 1e15 })).toEqual(
      parents.map(
        (parent) =>
          expect.stringMatching(
            `^${parent}: a restore test takes about 1,200,\\d{3},\\d{3} MB, and .* free there`,
          ) as unknown,
      ),
    );
    for (const parent of parents) expect(await leftIn(parent)).toEqual([]);
  });

  it('in a folder that is not there, or no folder, or has too long a path for a socket', async () => {
    const parent = await restoreTestParent();
    const long = join(parent, 'x'.repeat(60));
    await mkdir(long);
    await writeFile(join(parent, 'file'), '');
    expect(await refused([join(parent, 'nowhere'), join(parent, 'file'), long])).toEqual([
      expect.stringContaining('not there'),
      expect.stringContaining('not there'),
      expect.stringContaining('too long'),
    ]);
  });

  it('on a machine without a server', async () => {
    const restoreTest = restoreTestIn(await restoreTestParent(), { binDir: '/nowhere' });
    expect(await restoreTest.open(FEW, { signal: never })).toEqual({
      inconclusive: [
        expect.stringContaining('no PostgreSQL server (initdb, postgres) is installed in /nowhere'),
      ],
    });
  });

  it.runIf(mayMount)('on a volume that is read-only', async () => {
    expect(await refused([await freshMount('ro')])).toEqual([expect.stringMatching(/read-only|free there/)]);
  });
});

it.runIf(isRoot)('a restore test takes place in a folder that only root may enter', async () => {
  const [closed, facts] = [await restoreTestParent(), anyCluster()];
  await chmod(closed, 0o700);
  const database = await smallDatabase(facts);
  const { outcome } = await testedRestore(restoreTestIn(closed, facts), await backupOf(database));
  expect(outcome).toBe('passed');
  expect(await leftIn(closed)).toEqual([]);
});

describe('bringing an artifact to a restore test', () => {
  const facts = anyCluster();
  const artifact = (content: () => AsyncIterable<Uint8Array>, bytes: number) => ({
    name: 'x.dump',
    bytes,
    sha256: undefined,
    open: content,
  });

  it('makes it a file that can be restored from', async () => {
    const [parent, database] = [await restoreTestParent(), await smallDatabase(facts)];
    const { dump, ...input } = await backupOf(database);
    await using ground = await groundOf(restoreTestIn(parent, facts));
    const kept = await ground.keep({
      name: 'x.dump',
      bytes: dump.bytes,
      sha256: undefined,
      open: () => dump.open(),
    });
    expect(kept.path).toContain(parent);
    expect(await ground.runRestoreTest({ ...input, dump: kept })).toMatchObject({ outcome: 'passed' });
  });

  it('fails with what reading it fails with, and keeps what arrives: whoever reads that finds out what it is', async () => {
    await using ground = await groundOf(restoreTestIn(await restoreTestParent(), facts));
    await failure(
      'ARTIFACT_NOT_FOUND',
      ground.keep(
        artifact(async function* () {
          yield Buffer.from('abc');
          await Promise.resolve();
          throw new BackupError('ARTIFACT_NOT_FOUND', 'gone');
        }, 5),
      ),
    );
    expect(
      await ground.keep(
        artifact(async function* () {
          yield await Promise.resolve(Buffer.from('abc'));
        }, 5),
      ),
    ).toMatchObject({ bytes: 3 });
  });

  it.runIf(mayMount)('is STORE_FULL when there is no room', async () => {
    await using ground = await groundOf(restoreTestIn(await freshMount('size=120m,mode=755'), facts));
    const block = Buffer.alloc(1e6);
    await failure(
      'STORE_FULL',
      ground.keep(
        artifact(async function* () {
          for (let n = 0; n < 200; n += 1) yield await Promise.resolve(block);
        }, 2e8),
      ),
    );
  });

  it('ends when it is told to, also while it waits for bytes that do not come', async () => {
    const [parent, stop] = [await restoreTestParent(), new AbortController()];
    const ground = await groundOf(restoreTestIn(parent, facts), FEW, { signal: stop.signal });
    const keeping = failure(
      'ABORTED',
      ground.keep(
        artifact(async function* () {
          yield Buffer.from('a');
          await new Promise(() => undefined);
        }, 5),
      ),
    );
    setTimeout(() => {
      stop.abort();
    }, 100);
    await keeping;
    await ground[Symbol.asyncDispose]();
    expect(await leftIn(parent)).toEqual([]);
  });
});
