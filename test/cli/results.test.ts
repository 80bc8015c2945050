import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { namesOf, newOperator, times } from '../support/operator.ts';

const BIN = fileURLToPath(new URL('../../packages/runner/bin/geolens-backup.js', import.meta.url));

interface Listed {
  readonly timestamp: string;
  readonly tier: string;
  readonly state: string;
  readonly problems: readonly string[];
  readonly rows?: number;
}

describe('complete, legacy and partial sets side by side', () => {
  it('are listed with what each is worth, and counted by retention accordingly', async () => {
    const operator = await newOperator();
    const { database } = operator.database;
    const whole = await operator.goodRun();
    const daily = (name: string): string => operator.path('daily', name);
    await writeFile(daily(`${database}_20260103_020000.dump`), 'legacy');
    await writeFile(daily('staging-20260103_020000.tar.gz'), 'legacy');
    await writeFile(daily(`${database}_20260102_020000.dump`), '');
    await writeFile(daily('staging-20260101_020000.tar.gz'), 'alone');
    await writeFile(daily(`${database}_20251231_020000.dump`), 'legacy, too old');

    const text = await operator.backup(['list']);
    expect(text.stderr).toBe('');
    const line = (timestamp: string): string =>
      text.stdout.split('\n').find((one) => one.startsWith(timestamp) && one.includes(' daily '))!;
    expect(line(whole)).toMatch(/ readable \d+ s ago +complete$/);
    expect(line('20260103_020000')).toMatch(/ - .* unverified +legacy$/);
    expect(line('20260102_020000')).toMatch(/partial: the dump is empty$/);
    expect(line('20260101_020000')).toMatch(/partial: there is no dump$/);

    const listed = (JSON.parse((await operator.backup(['list', '--json'])).stdout) as Listed[]).filter(
      ({ tier }) => tier === 'daily',
    );
    expect(listed.map(({ timestamp, state }) => [timestamp, state])).toEqual([
      [whole, 'complete'],
      ['20260103_020000', 'legacy'],
      ['20260102_020000', 'partial'],
      ['20260101_020000', 'partial'],
      ['20251231_020000', 'legacy'],
    ]);
    expect(listed[0]!.rows).toBeGreaterThan(5000);

    const before = await operator.volume.everything();
    const env = { BACKUP_RETENTION_DAILY: '2' };
    const dry = await operator.backup(['prune', '--dry-run'], { env });
    expect(dry.stdout).toMatch(/^20251231_020000 +daily +remove +older than the newest 2 of daily$/m);
    expect(times(dry.stdout, ' remove ')).toBe(3); // the partial ones are older than two good ones as well
    expect(dry.stderr).toContain('retention would remove 3 of');
    expect(await operator.volume.everything()).toEqual(before);

    const json = JSON.parse((await operator.backup(['prune', '--json'], { env })).stdout) as {
      remove: string[];
    };
    expect([...json.remove].sort()).toEqual(
      [
        `daily/${database}_20251231_020000.dump`,
        `daily/${database}_20260102_020000.dump`,
        'daily/staging-20260101_020000.tar.gz',
      ].sort(),
    );
    expect(await operator.volume.everything()).toEqual(before.filter((name) => !json.remove.includes(name)));
  });

  it('a set that lost a file is partial, and the reason names it', async () => {
    const operator = await newOperator();
    const timestamp = await operator.goodRun();
    for (const tier of ['daily', 'weekly'] as const)
      await rm(operator.path(tier, `globals-${timestamp}.sql`), { force: true });
    expect((await operator.backup(['list'])).stdout).toContain(
      `partial: globals-${timestamp}.sql is missing`,
    );
  });

  it('the sets of another database in the folder are listed, and never pruned', async () => {
    const operator = await newOperator();
    await mkdir(operator.path('daily', '.'));
    for (const day of ['01', '02', '03'])
      await writeFile(operator.path('daily', `neighbour_202601${day}_020000.dump`), 'legacy');
    await operator.goodRun({ env: { BACKUP_RETENTION_DAILY: '1' } });
    const end = await operator.backup(['prune'], { env: { BACKUP_RETENTION_DAILY: '1' } });
    expect(end.code).toBe(0);
    expect(times(end.stdout, 'of another database (neighbour)')).toBe(3);
    expect(
      (await operator.volume.files('daily')).filter((name) => name.startsWith('neighbour')),
    ).toHaveLength(3);
  });
});

describe('results', () => {
  it('of an empty folder are an empty list', async () => {
    const operator = await newOperator();
    expect((await operator.backup(['list'])).stdout).toBe('no sets yet\n');
    expect(JSON.parse((await operator.backup(['list', '--json', '--store', 'local'])).stdout)).toEqual([]);
    expect((await operator.backup(['prune', '--dry-run'])).stdout).toBe('no sets yet\n');
  });

  it('of a store that there is none of are an error that names those that there are', async () => {
    const operator = await newOperator();
    const end = await operator.backup(['list', '--store', 's3']);
    expect(end.code).toBe(2);
    expect(end.stderr).toContain(
      '--store s3: no such store is configured. Set BACKUP_S3_ENABLED=true and S3_…',
    );
    expect((await operator.backup(['list', '--store', 'tape'])).stderr).toContain(
      '--store tape: no such store is configured. Choose one of local, all',
    );
  });

  it('stay whole when the password is a word that stands in them', async () => {
    const operator = await newOperator();
    const url = operator.database.url.replace('@', ':daily@'); // a server that trusts takes any
    const timestamp = await operator.goodRun({ env: { DATABASE_URL: url } });
    const listed = JSON.parse(
      (await operator.backup(['list', '--json'], { env: { DATABASE_URL: url } })).stdout,
    ) as (Listed & { artifacts: { key: string }[] })[];
    const keys = listed
      .filter(({ tier }) => tier === 'daily')
      .flatMap(({ artifacts }) => artifacts.map(({ key }) => key));
    expect([...keys].sort()).toEqual(
      namesOf(operator.database.database, timestamp).map((name) => `daily/${name}`),
    );
  });

  it('come whole to somebody who reads them slowly, however long they are', async () => {
    const operator = await newOperator();
    await mkdir(operator.path('daily', '.'));
    const hours = Array.from(
      { length: 1000 },
      (_, hour) =>
        `202601${String(1 + (Math.floor(hour / 24) % 28)).padStart(2, '0')}_${String(hour % 24).padStart(2, '0')}${String(Math.floor(hour / 672)).padStart(2, '0')}00`,
    );
    await Promise.all(
      hours.map((timestamp) =>
        writeFile(operator.path('daily', `${operator.database.database}_${timestamp}.dump`), 'legacy'),
      ),
    );
    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], BACKUP_DIR: operator.volume.backups };
    const { stdout } = spawnSync(
      'bash',
      ['-c', '"$0" "$1" list --json | { sleep 1; cat; }', process.execPath, BIN],
      { env, encoding: 'utf8', maxBuffer: 1e8 },
    );
    expect(stdout.length).toBeGreaterThan(200_000);
    expect(JSON.parse(stdout)).toHaveLength(1000);
  });

  it('may be read by somebody who stops reading', () => {
    const folder = mkdtempSync(join(tmpdir(), 'geolens-head-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    const script = `"$0" "$1" config | head -1; echo "\${PIPESTATUS[0]}"; "$0" "$1" config >&- ; echo "$?"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script, process.execPath, BIN], {
      env: { PATH: process.env['PATH'], HOME: folder, BACKUP_DIR: folder },
      encoding: 'utf8',
    });
    expect(stdout).toMatch(/^VARIABLE +VALUE +FROM\n0\n0\n$/);
    expect(stderr).toBe('');
  });
});

describe('the staging folder', () => {
  it.each([
    ['missing', 'does not exist'],
    ['empty', 'is empty'],
  ])('is %s: the set is complete without an archive, and the report says why', async (kind, words) => {
    const operator = await newOperator();
    const folder = join(operator.volume.staging, kind);
    if (kind === 'empty') await mkdir(folder);
    const end = await operator.backup(['run', '--json'], { env: { STAGING_DIR: folder } });
    expect(end.code).toBe(0);
    const report = JSON.parse(end.stdout) as {
      outcome: string;
      warnings: string[];
      manifest: { warnings: string[]; artifacts: { kind: string }[] };
    };
    expect(report.outcome).toBe('succeeded');
    expect(report.warnings).toEqual([`no staging archive: the folder STAGING_DIR=${folder} ${words}`]);
    expect(report.manifest.warnings).toEqual(report.warnings);
    expect(report.manifest.artifacts.map((artifact) => artifact.kind)).toEqual(['dump', 'globals']);
    expect(times(end.stderr, `WARN  no staging archive: the folder STAGING_DIR=${folder}`)).toBe(1);
  });

  it('is written to while it is read: the archive is kept, with a warning', async () => {
    const operator = await newOperator();
    const growing = join(operator.volume.staging, 'growing.log');
    await writeFile(growing, Buffer.alloc(60_000_000, 'x'));
    const running = operator.start(['run', '--json']);
    const growth = setInterval(() => {
      appendFileSync(growing, 'more\n');
    }, 1);
    const end = await running.end;
    clearInterval(growth);
    expect(end.code, end.stderr).toBe(0);
    const { warnings, manifest } = JSON.parse(end.stdout) as {
      warnings: string[];
      manifest: { artifacts: { kind: string }[] };
    };
    expect(warnings.join()).toMatch(/growing\.log.*file changed as we read it/);
    expect(manifest.artifacts.map(({ kind }) => kind)).toContain('staging');
  });
});

it('an older Node is refused by its version', () => {
  const older = 'Object.defineProperty(process, "versions", { value: { node: "22.11.0" } })';
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${older}`, BIN, 'list'],
    { encoding: 'utf8', env: {} },
  );
  expect([status, stderr]).toEqual([
    2,
    'geolens-backup needs Node 22.12 or newer, and this is 22.11.0. Update Node\n',
  ]);
});
