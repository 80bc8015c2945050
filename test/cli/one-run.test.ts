import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parseManifest, type Manifest } from '@geolens/backup-core';
import { clusters, freshDatabase, type TestDatabase } from '../support/clusters.ts';
import { runProgram } from '../support/run-program.ts';
import { namesOf, newOperator, Operator } from '../support/operator.ts';

const MODE = 0o777;

async function countsOf({ query }: Pick<TestDatabase, 'query'>, manifest: Manifest): Promise<unknown> {
  const counted = manifest.artifacts.find(({ kind }) => kind === 'dump')!.rowCounts!;
  const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
  const counts = await query(
    counted
      .map(({ schema, table }) => `SELECT count(*) FROM ONLY ${quoted(schema)}.${quoted(table)};`)
      .join('\n'),
  );
  return counts.split('\n').map((rows, index) => ({ ...counted[index], rows: Number(rows) }));
}

async function manifestOf(operator: Operator, timestamp: string): Promise<Manifest> {
  return parseManifest(await readFile(operator.path('daily', `manifest-${timestamp}.json`), 'utf8'));
}

describe.each(clusters())('`run` on $title', (cluster) => {
  it('leaves the four files in daily/, for their owner alone, and says so on stdout', async () => {
    const operator = await newOperator(cluster);
    const end = await operator.backup(['run']);
    expect(end.stderr).not.toMatch(/WARN|ERROR/);
    expect(end.code).toBe(0);
    const [timestamp] = await operator.sets('daily');
    const names = namesOf(operator.database.database, timestamp!);
    expect(await operator.volume.files('daily')).toEqual(names);
    for (const name of names) {
      expect((await stat(operator.path('daily', name))).mode & MODE, name).toBe(0o600);
      expect(end.stdout).toContain(name);
    }
    expect((await stat(operator.path('daily', '.'))).mode & MODE).toBe(0o700);
  });

  it('writes a manifest whose digests are those of the files and whose rows are those of the tables', async () => {
    const operator = await newOperator(cluster);
    const manifest = await manifestOf(operator, await operator.goodRun());
    expect(manifest.artifacts.map(({ kind }) => kind)).toEqual(['dump', 'globals', 'staging']);
    for (const { name, bytes, sha256 } of manifest.artifacts) {
      const content = await readFile(operator.path('daily', name));
      expect({
        name,
        bytes: content.length,
        sha256: createHash('sha256').update(content).digest('hex'),
      }).toEqual({ name, bytes, sha256 });
    }
    const { rowCounts, tableCount } = manifest.artifacts[0]!;
    expect(rowCounts!.length).toBe(tableCount);
    expect(await countsOf(operator.database, manifest)).toEqual(rowCounts);
    const ordinary = `SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'r' AND nspname IN ('catalog', 'data')`;
    expect(tableCount).toBeGreaterThanOrEqual(Number(await operator.database.query(ordinary)));
    expect(manifest.serverVersion).toMatch(new RegExp(`^${cluster.major}\\.`));
    expect(manifest.checks).toMatchObject({
      checksum: { outcome: 'passed' },
      content: { outcome: 'passed' },
    });
  });

  it('makes a dump that pg_restore lists, and that restores into an empty database with every row', async () => {
    const operator = await newOperator(cluster);
    const timestamp = await operator.goodRun();
    const dump = operator.path('daily', `${operator.database.database}_${timestamp}.dump`);
    expect(await operator.database.client.run('pg_restore', ['--list', dump])).toContain(
      'TABLE DATA catalog datasets',
    );
    const target = await freshDatabase(cluster, { content: 'empty' });
    await target.client.run('pg_restore', [
      '--no-owner',
      '--no-acl',
      '--exit-on-error',
      '-d',
      target.database,
      dump,
    ]);
    const manifest = await manifestOf(operator, timestamp);
    expect(await countsOf(target, manifest)).toEqual(manifest.artifacts[0]!.rowCounts);
  });

  it('makes an archive whose entries begin with ./ and that holds every staging file', async () => {
    const operator = await newOperator(cluster);
    const timestamp = await operator.goodRun();
    const archive = operator.path('daily', `staging-${timestamp}.tar.gz`);
    const entries = (await runProgram('tar', ['-tzf', archive, '--quoting-style=escape']))
      .trimEnd()
      .split('\n');
    expect(entries.every((entry) => entry.startsWith('./'))).toBe(true);
    expect([...entries].sort()).toEqual(
      [
        './',
        './line\\nfeed.txt',
        './uploads/',
        './uploads/raster.tif',
        './uploads/with\\ space/',
        './uploads/with\\ space/quoted\\ "name".geojson',
      ]
        .map((name) => name.replaceAll('\\ ', ' '))
        .sort(),
    );
    expect((await manifestOf(operator, timestamp)).artifacts[2]!.members).toBe(entries.length);
  });

  it('puts roles and grants into the globals, and no password', async () => {
    const operator = await newOperator(cluster);
    const globals = await readFile(operator.path('daily', `globals-${await operator.goodRun()}.sql`), 'utf8');
    expect(globals).toContain('CREATE ROLE geolens_readonly');
    expect(globals).toMatch(/GRANT .* TO geolens_reader/);
    expect(globals).not.toMatch(/SCRAM-SHA-256|md5[0-9a-f]{32}/);
  });
});

describe('`run --json`', () => {
  it('prints one JSON document on stdout and nothing else, and the log on stderr', async () => {
    const operator = await newOperator();
    const end = await operator.backup(['run', '--json'], { env: { LOG_FORMAT: 'json' } });
    expect(JSON.parse(end.stdout)).toMatchObject({
      outcome: 'succeeded',
      database: operator.database.database,
      errors: [],
      warnings: [],
    });
    const events = end.stderr
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect(new Set(events)).toEqual(new Set(['run.started', 'phase.finished', 'run.finished']));
  });

  it('counts what the database had at one moment, while others write to it', async () => {
    const operator = await newOperator();
    const query = (sql: string): Promise<string> => operator.database.query(sql);
    await query('CREATE TABLE data.a (n int); CREATE TABLE data.z (n int);');
    const writing = new AbortController();
    const writer = (async () => {
      let written = 0;
      // the same row into both tables: a dump that is not of one moment has more in one of them
      for (; !writing.signal.aborted; written += 1)
        await query(
          `BEGIN; INSERT INTO data.a VALUES (${written}); INSERT INTO data.z VALUES (${written}); COMMIT;`,
        );
      return written;
    })();
    await expect.poll(async () => Number(await query('SELECT count(*) FROM data.a'))).toBeGreaterThan(3);
    const timestamp = await operator.goodRun();
    writing.abort();
    const written = await writer;
    const manifest = await manifestOf(operator, timestamp);
    const target = await freshDatabase(undefined, { content: 'empty' });
    await target.client.run('pg_restore', [
      '--no-owner',
      '--no-acl',
      '--exit-on-error',
      '-d',
      target.database,
      operator.path('daily', manifest.artifacts[0]!.name),
    ]);
    expect(await countsOf(target, manifest)).toEqual(manifest.artifacts[0]!.rowCounts);
    expect(await target.query('SELECT (SELECT count(*) FROM data.a) = (SELECT count(*) FROM data.z)')).toBe(
      't',
    );
    expect(Number(await target.query('SELECT count(*) FROM data.a'))).toBeLessThan(written);
  });
});
