import { beforeEach, describe, expect, inject, it } from 'vitest';
import { freshBucket, replicaEnv } from '../support/buckets.ts';
import { newOperator, times, type Operator } from '../support/operator.ts';

const ENV = { BACKUP_RETENTION_DAILY: '1', BACKUP_RETENTION_WEEKLY: '1' };
const env = { env: ENV };

interface Report {
  readonly outcome: string;
  readonly timestamp: string;
  readonly warnings: readonly string[];
  readonly removed: readonly string[];
  readonly suspicion?: { readonly reasons: readonly string[] };
}

interface Listed {
  readonly timestamp: string;
  readonly tier: string;
  readonly state: string;
  readonly problems: readonly string[];
  readonly acceptedAt?: string;
}

let operator: Operator;
let good: string;

async function run(variables: Record<string, string> = ENV): Promise<Report & { stderr: string }> {
  const end = await operator.backup(['run', '--json'], { env: variables });
  expect(end.code, end.stderr).toBe(0);
  return { ...(JSON.parse(end.stdout) as Report), stderr: end.stderr };
}

async function daily(): Promise<Listed[]> {
  return (JSON.parse((await operator.backup(['list', '--json'])).stdout) as Listed[]).filter(
    ({ tier }) => tier === 'daily',
  );
}

describe('a database that lost nine tenths of its rows', () => {
  beforeEach(async () => {
    operator = await newOperator();
    await operator.database.query(
      'CREATE TABLE data.many AS SELECT n, md5(n::text) AS text FROM generate_series(1, 100000) n',
    );
    await operator.goodRun(env);
    good = await operator.goodRun(env);
    expect(await operator.sets('daily')).toEqual([good]);
    await operator.database.query('DELETE FROM data.many WHERE n % 10 <> 0');
  });

  it('is backed up, with a warning; its set is suspicious, and nothing is pruned by this run, the next, or prune', async () => {
    const before = await operator.volume.everything();
    const first = await run();
    expect(first).toMatchObject({
      outcome: 'succeeded',
      removed: [],
      suspicion: {
        reasons: expect.arrayContaining([
          expect.stringMatching(
            /^it has [\d,]+ rows, which is [\d.]+ % of the last set \([\d,]+\); less than 50 % is suspicious$/,
          ),
        ]) as string[],
      },
    });
    expect(first.warnings).toEqual([
      expect.stringContaining(`If it is meant to be so: geolens-backup accept ${first.timestamp}`),
    ]);
    expect(times(first.stderr, `WARN  SUSPICIOUS: set ${first.timestamp} is much smaller`)).toBe(1);
    expect(first.stderr).toContain('succeeded, but SUSPICIOUS');

    const second = await run();
    expect(second).toMatchObject({
      outcome: 'succeeded',
      removed: [],
      suspicion: { reasons: first.suspicion!.reasons },
    });
    expect(await operator.volume.everything()).toEqual(expect.arrayContaining([...before]));

    expect((await daily()).map(({ timestamp, state }) => [timestamp, state])).toEqual([
      [second.timestamp, 'suspicious'],
      [first.timestamp, 'suspicious'],
      [good, 'complete'],
    ]);
    expect((await operator.backup(['list'])).stdout).toMatch(
      new RegExp(`^${first.timestamp} +daily .* suspicious: it has [\\d,]+ rows`, 'm'),
    );

    const pruned = await operator.backup(['prune'], env);
    expect(pruned.code).toBe(0);
    expect(pruned.stderr).toContain(`WARN  SUSPICIOUS: set ${second.timestamp}`);
    expect(await operator.sets('daily')).toEqual([good, first.timestamp, second.timestamp]);
  });

  it('is told of on stdout too, by a run that a person makes', async () => {
    const end = await operator.backup(['run'], env);
    expect(end.code).toBe(0);
    expect(end.stdout).toMatch(/^set \d{8}_\d{6} \(complete, SUSPICIOUS\) /);
    expect(end.stdout).toMatch(/^SUSPICIOUS: set .* geolens-backup accept \d{8}_\d{6}$/m);
  });

  it('has sets that restore latest passes over, and that can be restored by name', async () => {
    const { timestamp } = await run();
    const into = ['--into', `${operator.database.database}_copy`, '--no-staging', '--dry-run'];
    const latest = await operator.backup(['restore', 'latest', ...into]);
    expect(latest.code, latest.stderr).toBe(0);
    expect(latest.stderr).toMatch(
      new RegExp(`WARN +set ${timestamp} \\(daily, local\\) is passed over: it is suspicious: it has`),
    );
    expect(latest.stdout).toContain(`set ${good} `);
    const named = await operator.backup(['restore', timestamp, ...into]);
    expect(named.code, named.stderr).toBe(0);
    expect(named.stdout).toContain(`set ${timestamp} `);
  });

  it('is what it should be once that is accepted: the next run is measured by it, and retention prunes again', async () => {
    const { timestamp } = await run();
    const accepted = await operator.backup(['accept', timestamp]);
    expect(accepted.code, accepted.stderr).toBe(0);
    expect(accepted.stdout).toMatch(
      new RegExp(`^set ${timestamp} is accepted \\(daily, local.*\\): later sets are measured by it`),
    );
    expect((await daily())[0]).toMatchObject({
      timestamp,
      state: 'complete',
      problems: [],
      acceptedAt: expect.stringMatching(/^20\d\d-/) as string,
    });
    expect(
      (
        await operator.backup([
          'restore',
          'latest',
          '--into',
          `${operator.database.database}_copy`,
          '--no-staging',
          '--dry-run',
        ])
      ).stdout,
    ).toContain(`set ${timestamp} `);

    const next = await run();
    expect(next).toMatchObject({ outcome: 'succeeded', warnings: [] });
    expect(next.suspicion).toBeUndefined();
    expect(await operator.sets('daily')).toEqual([next.timestamp]);

    const again = await operator.backup(['accept', next.timestamp, '--json']);
    expect([again.code, JSON.parse(again.stdout)]).toEqual([
      0,
      { timestamp: next.timestamp, accepted: [], errors: [] },
    ]);
  });

  it('is none of our business with BACKUP_SHRINK_THRESHOLD=off', async () => {
    const report = await run({ ...ENV, BACKUP_SHRINK_THRESHOLD: 'off' });
    expect(report).toMatchObject({ outcome: 'succeeded', warnings: [] });
    expect(await operator.sets('daily')).toEqual([report.timestamp]);
  });
});

it.skipIf(inject('gateway') === undefined)(
  'a set is accepted on S3 too, by the next run when the store was away',
  async () => {
    operator = await newOperator();
    const bucket = await freshBucket();
    const s3 = { ...replicaEnv(bucket), S3_REGION: '', S3_TIMEOUT_SECONDS: '2' };
    const there = async (): Promise<string[]> =>
      (
        JSON.parse(
          (await operator.backup(['list', '--json', '--store', 's3'], { env: s3 })).stdout,
        ) as Listed[]
      )
        .filter(({ tier }) => tier === 'daily')
        .map(({ state }) => state);
    await operator.database.query(
      'CREATE TABLE data.many AS SELECT n, md5(n::text) AS text FROM generate_series(1, 100000) n',
    );
    await run(s3);
    await operator.database.query('DELETE FROM data.many');
    const [first, second] = [await run(s3), await run(s3)];
    expect(await there()).toEqual(['suspicious', 'suspicious', 'complete']);

    const accepted = await operator.backup(['accept', first.timestamp, '--json'], { env: s3 });
    expect(accepted.code, accepted.stderr).toBe(0);
    expect(JSON.parse(accepted.stdout)).toMatchObject({
      accepted: expect.arrayContaining([
        { store: 'local', tier: 'daily' },
        { store: 's3', tier: 'daily' },
      ]) as unknown,
    });
    expect(await there()).toEqual(['suspicious', 'complete', 'complete']);

    const away = await operator.backup(['accept', second.timestamp], {
      env: { ...s3, S3_SECRET_ACCESS_KEY: 'wrong' },
    });
    expect(away.code, away.stderr).toBe(3);
    expect(away.stderr).toMatch(/ERROR .*s3/);
    expect(await there()).toEqual(['suspicious', 'complete', 'complete']);
    await run(s3);
    expect(await there()).toEqual(['complete', 'complete', 'complete', 'complete']);
  },
);

it.each([
  ['20260101_020000', 'there is no set 20260101_020000 of database'],
  ['latest', 'accept latest: this is not the timestamp of a set. Give one as geolens-backup list shows it'],
])('`accept %s` ends with 2, and says why', async (text, words) => {
  operator = await newOperator();
  const end = await operator.backup(['accept', text]);
  expect(end.code).toBe(2);
  expect(end.stderr).toContain(words);
});
