import { copyFile, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, inject, it } from 'vitest';
import { freshBucket, replicaEnv } from '../../support/buckets.ts';
import { clusters, newestCluster } from '../../support/clusters.ts';
import { noFaketime } from '../../support/faketime.ts';
import { newOperator, onAWeekday, type Operator } from '../../support/operator.ts';

interface Verified {
  readonly copies: readonly {
    readonly label: string;
    readonly store?: string;
    readonly tier?: string;
    readonly outcome: string;
    readonly problems: readonly string[];
    readonly restoreTest?: {
      readonly outcome: string;
      readonly facts: readonly string[];
      readonly reasons: readonly string[];
    };
  }[];
}

async function verified(
  operator: Operator,
  args: readonly string[],
  code: number,
  env: Record<string, string> = {},
): Promise<Verified['copies']> {
  const end = await operator.backup(['verify', ...args, '--json'], { env });
  expect(end.code, end.stderr).toBe(code);
  return (JSON.parse(end.stdout) as Verified).copies;
}

async function damage(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[bytes.length >> 1]! ^= 1;
  await writeFile(path, bytes);
}

let operator: Operator;
let timestamp: string;
beforeEach(async () => {
  operator = await newOperator();
  timestamp = await operator.goodRun(onAWeekday());
});

describe('`verify`', () => {
  it('shows a person each artifact, and that all are good', async () => {
    const end = await operator.backup(['verify']);
    expect(end.code, end.stderr).toBe(0);
    expect(end.stdout.split('\n').map((line) => line.replaceAll(/ {2,}.*\d \S+ {2,}/g, ' '))).toEqual([
      `set ${timestamp} (daily, local): good`,
      expect.stringMatching(/^ARTIFACT +SIZE +RESULT$/),
      `manifest-${timestamp}.json good`,
      `${operator.database.database}_${timestamp}.dump good`,
      `globals-${timestamp}.sql good`,
      `staging-${timestamp}.tar.gz good`,
      '',
    ]);
    const list = await operator.backup(['list', '--json']);
    expect(JSON.parse(list.stdout)).toMatchObject([
      { state: 'complete', checks: { checksum: { ok: true }, readable: { ok: true } } },
    ]);
  });

  it('has a set found bad passed over by restore, counted by nothing, and kept', async () => {
    const good = timestamp;
    const bad = await operator.goodRun(onAWeekday());
    await damage(operator.path('daily', `globals-${bad}.sql`));
    const [copy] = await verified(operator, ['latest'], 5);
    expect(copy!.problems.join()).toContain(`globals-${bad}.sql`);
    const list = JSON.parse((await operator.backup(['list', '--json'])).stdout) as {
      timestamp: string;
      state: string;
    }[];
    expect(list.map(({ timestamp: time, state }) => [time, state])).toEqual([
      [bad, 'bad'],
      [good, 'complete'],
    ]);
    const restore = await operator.backup(['restore', 'latest', '--dry-run']);
    expect(restore.stderr).toMatch(new RegExp(`${bad}.*is passed over.*failed the check`));
    expect(restore.stdout).toContain(good);
    const named = await operator.backup(['restore', bad, '--dry-run']);
    expect(named.code).not.toBe(0);
    const prune = JSON.parse(
      (await operator.backup(['prune', '--dry-run', '--json'], { env: { BACKUP_RETENTION_DAILY: '1' } }))
        .stdout,
    ) as { verdicts: { timestamp: string; keep: boolean; reason: string }[] };
    expect(prune.verdicts.map(({ timestamp: time, keep }) => [time, keep])).toEqual([
      [bad, true],
      [good, true],
    ]);
    expect(prune.verdicts[0]!.reason).toContain('fills no place');
  });

  it('verifies a file under any name, with and without a manifest beside it', async () => {
    const folder = join(operator.volume.backups, 'elsewhere');
    await mkdir(folder);
    const dump = operator.path('daily', `${operator.database.database}_${timestamp}.dump`);
    await copyFile(dump, join(folder, 'by hand'));
    expect((await verified(operator, [join(folder, 'by hand')], 0))[0]).toMatchObject({
      outcome: 'passed',
      problems: [],
    });
    await truncate(join(folder, 'by hand'), 1_000_000);
    expect((await verified(operator, [join(folder, 'by hand')], 5))[0]!.problems.join()).toContain('by hand');
    expect((await verified(operator, [dump], 0))[0]).toMatchObject({ outcome: 'passed' });
    expect(
      (await verified(operator, [operator.path('daily', `staging-${timestamp}.tar.gz`)], 0))[0],
    ).toMatchObject({ label: `file ${dump}`, outcome: 'passed' });
    await damage(operator.path('daily', `manifest-${timestamp}.json`));
    expect((await verified(operator, [dump], 5))[0]!.problems.join()).toContain(`manifest-${timestamp}.json`);
  });

  it.each([
    [['20200101_000000'], 'there is no set 20200101_000000'],
    [['/nowhere'], '/nowhere cannot be read'],
    [['20200101_000000', '--all'], '--all verifies every set'],
    [['--max-rate', 'fast'], '--max-rate fast is not a number'],
    [['--store', 's3'], 'no such store'],
  ])('refuses %j with exit code 2', async (args, says) => {
    const end = await operator.backup(['verify', ...args]);
    expect([end.code, end.stderr]).toEqual([2, expect.stringContaining(says)]);
  });

  it.skipIf(noFaketime)('--all ends with a table of every copy, with 5 when one is bad', async () => {
    const sunday = await operator.goodRun({ at: '2026-11-22 02:00:00' });
    await damage(operator.path('weekly', `staging-${sunday}.tar.gz`)); // a hard link: the one in daily is the same file
    const end = await operator.backup(['verify', '--all']);
    expect(end.code, end.stderr).toBe(5);
    const lines = end.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^SET +TIER +WHERE +STATE +TOOK +RESULT$/);
    expect(
      lines
        .slice(1, -1)
        .map((line) => [/\b(?:daily|weekly)\b/.exec(line)?.[0], /\b(?:good|BAD)\b/.exec(line)?.[0]])
        .sort(),
    ).toEqual([
      ['daily', 'BAD'], // and weekly: one run
      ['daily', 'good'],
    ]);
    expect(lines.at(-1)).toBe('3 copies, 2 BAD');
  });
});

describe.each(newestCluster())('`verify --restore`, $title,', (cluster) => {
  it('tests the restore of the GeoLens schema in a temporary server, leaves nothing, and records it', async () => {
    const own = await newOperator(cluster);
    await own.goodRun();
    const before = await own.volume.everything();
    const [copy] = await verified(own, ['--restore'], 0);
    expect(copy).toMatchObject({ outcome: 'passed', restoreTest: { outcome: 'passed', reasons: [] } });
    expect(copy!.restoreTest!.facts.join('\n')).toMatch(
      /rows in \d+ tables, as many as in the dump[^]*indexes are valid[^]*constraints are valid[^]*spatial query answered on .*datasets/,
    );
    const isState = (path: string): boolean => /\/state-\d{8}_\d{6}\.json$/.test(path);
    const after = await own.volume.everything();
    expect(after.filter((path) => !isState(path))).toEqual(before);
    expect(after.filter(isState)).not.toEqual([]);
    const list = await own.backup(['list']);
    expect(list.stdout).toMatch(/restored \d+ s ago +complete/);
  });

  it('finds a row that was deleted from a forged dump, whose manifest was forged to fit', async () => {
    const own = await newOperator(cluster);
    await own.goodRun();
    await own.database.query(
      'DELETE FROM catalog.notes WHERE ctid = (SELECT ctid FROM catalog.notes LIMIT 1)',
    );
    const forged = await own.goodRun();
    const [whole] = await own.sets('daily');
    // The dump of the smaller database under the name, and with the row counts, of the whole one.
    const read = async (
      time: string,
    ): Promise<{ artifacts: { kind: string; bytes: number; sha256: string }[] }> =>
      JSON.parse(await readFile(own.path('daily', `manifest-${time}.json`), 'utf8')) as never;
    const [manifest, other] = [await read(whole!), await read(forged)];
    const [entry, smaller] = [manifest, other].map(
      ({ artifacts }) => artifacts.find(({ kind }) => kind === 'dump')!,
    );
    Object.assign(entry!, { bytes: smaller!.bytes, sha256: smaller!.sha256 });
    await writeFile(own.path('daily', `manifest-${whole!}.json`), JSON.stringify(manifest, undefined, 2));
    await copyFile(
      own.path('daily', `${own.database.database}_${forged}.dump`),
      own.path('daily', `${own.database.database}_${whole!}.dump`),
    );
    const [copy] = await verified(own, [whole!, '--restore'], 5);
    expect(copy!.restoreTest).toMatchObject({
      outcome: 'failed',
      reasons: ['catalog.notes has 59 rows, 60 were backed up'],
    });
  });
});

describe('`verify --restore`', () => {
  it.skipIf(inject('clusters').length < 2)(
    'says what is lacking where the version of the server is not there, which is neither success nor failure',
    async () => {
      const [older, newer] = clusters();
      const own = await newOperator(newer);
      await own.goodRun(onAWeekday());
      const end = await own.backup(['verify', '--restore'], { env: { BACKUP_PG_BIN_DIR: older!.binDir } });
      expect(end.code, end.stderr).toBe(3);
      expect(end.stdout).toMatch(
        /: inconclusive\n[^]*\.dump .* as it was written: the dump was made by a newer pg_dump[^]*\nthe restore test is inconclusive:\n {2}- /,
      );
      const list = JSON.parse((await own.backup(['list', '--json'])).stdout) as { state: string }[];
      expect(list.map(({ state }) => state)).toEqual(['complete']);
    },
  );

  it('looks for the files that rows name', async () => {
    const query = (path: string): Record<string, string> => ({
      BACKUP_RESTORE_TEST_FILES_QUERY: `SELECT '${path}'`,
    });
    expect(
      (await verified(operator, ['--restore'], 0, query('uploads/with space/quoted "name".geojson')))[0]!
        .restoreTest!.facts,
    ).toContain('all 1 files that rows name are in the archive');
    expect(
      (await verified(operator, ['--restore'], 3, query('uploads/lost.tif')))[0]!.restoreTest!.reasons.join(),
    ).toContain('rows name files that the archive lacks: uploads/lost.tif');
    expect(
      (
        await verified(operator, ['--restore'], 3, {
          BACKUP_RESTORE_TEST_FILES_QUERY: 'SELECT path FROM nowhere',
        })
      )[0]!.restoreTest!.reasons.join(),
    ).toContain('BACKUP_RESTORE_TEST_FILES_QUERY');
  });

  it('asks the assertions of BACKUP_RESTORE_TEST_SQL, also after a run', async () => {
    const path = join(operator.volume.backups, 'assertions.sql');
    const env = { BACKUP_RESTORE_TEST_SQL: path, LOG_FORMAT: 'json' };
    const wrong = await operator.backup(['verify', '--restore'], { env });
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringContaining(`BACKUP_RESTORE_TEST_SQL names ${path}, which cannot be read: ENOENT`),
    ]);
    expect((await operator.backup(['doctor'], { env })).stdout).toContain('BACKUP_RESTORE_TEST_SQL names');
    const tested = { ...env, BACKUP_VERIFY: 'restore' };
    const untested = await operator.backup(['run'], { env: tested });
    expect([untested.code, untested.stderr]).toEqual([
      3,
      expect.stringContaining(`the restore test is inconclusive: BACKUP_RESTORE_TEST_SQL names ${path}`),
    ]);
    await writeFile(path, '-- nothing is amiss\nSELECT WHERE false;\nSELECT 1 / 1 WHERE 1 > 2');
    const good = await operator.backup(['verify', '--restore'], { env });
    expect([good.code, good.stdout]).toEqual([0, expect.stringContaining('\n  - 2 assertions held\n')]);
    expect(good.stderr).toContain('"assertionsHeld":2');
    await writeFile(path, '-- nothing is amiss\nSELECT WHERE true');
    const run = await operator.backup(['run', '--json'], { env: tested });
    expect([run.code, JSON.parse(run.stdout)]).toMatchObject([
      6,
      {
        restoreTest: {
          outcome: 'failed',
          assertionsHeld: 0,
          reasons: [
            'BACKUP_RESTORE_TEST_SQL: assertion 1 (nothing is amiss) returned 1 row, none were expected',
          ],
        },
      },
    ]);
  });

  it('is what BACKUP_VERIFY=restore does after a run', async () => {
    const end = await operator.backup(['run', '--json'], { env: { BACKUP_VERIFY: 'restore' } });
    expect(end.code, end.stderr).toBe(0);
    expect(JSON.parse(end.stdout)).toMatchObject({
      outcome: 'succeeded',
      restoreTest: { outcome: 'passed' },
      manifest: { checks: { restored: { ok: true } } },
    });
  });
});

describe.skipIf(inject('gateway') === undefined)('`verify --store s3`', () => {
  it('proves, or finds bad, the copy that a disaster leaves', async () => {
    const bucket = await freshBucket();
    const env = { ...replicaEnv(bucket) };
    timestamp = await operator.goodRun({ env, ...onAWeekday() });
    const manifest = (await bucket.get(`backups/daily/manifest-${timestamp}.json`)).toString();
    await rm(join(operator.volume.backups, 'daily'), { recursive: true });
    expect((await verified(operator, ['--restore', '--store', 's3'], 0, env))[0]).toMatchObject({
      store: 's3',
      outcome: 'passed',
      restoreTest: { outcome: 'passed' },
    });
    expect(JSON.parse((await bucket.get(`backups/daily/state-${timestamp}.json`)).toString())).toMatchObject({
      checks: { restoreTest: { outcome: 'passed' } },
    });
    expect((await bucket.get(`backups/daily/manifest-${timestamp}.json`)).toString()).toBe(manifest);
    const key = `backups/daily/staging-${timestamp}.tar.gz`;
    const content = await bucket.get(key);
    content[content.length >> 1]! ^= 1;
    await bucket.put(key, content);
    expect((await verified(operator, [timestamp, '--store', 's3'], 5, env))[0]!.problems.join()).toContain(
      `staging-${timestamp}.tar.gz`,
    );
    const restore = await operator.backup(['restore', 'latest', '--dry-run'], { env });
    expect([restore.code, restore.stderr]).toEqual([
      0,
      expect.stringMatching(
        new RegExp(
          `set ${timestamp} \\(daily, s3\\) is passed over: it failed the check "checksum" .*: replaced since: staging-.*; it failed the check "readable"`,
        ),
      ),
    ]);
  });
});
