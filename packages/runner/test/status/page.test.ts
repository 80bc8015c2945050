import { describe, expect, it } from 'vitest';
import { artifactKey, parseTimestamp, type BackupSet } from '@geolens/backup-core';
import { roundDuration, roundNumber } from '../../src/status/page/plot.ts';
import { page } from '../../src/status/page/page.ts';
import { setPage } from '../../src/status/page/set-page.ts';
import { daysLeft, type Status } from '../../src/status/status.ts';
import { MANIFEST, setOf } from '../support/sets.ts';
import { statusOf, storeOf } from '../support/status.ts';

const pageOf = async (change: Partial<Status> = {}): Promise<string> => String(await page(statusOf(change)));

describe('the page', () => {
  it('says that all is well, when it is', async () => {
    const text = await pageOf();
    expect(text).toContain('class="verdict good"');
    expect(text).toContain('<title>Backups of geolens</title>');
    expect(text).not.toContain('<li>');
  });

  it('says what is wrong first, and in the title of the tab', async () => {
    const { health } = statusOf();
    const text = await pageOf({
      health: { ...health, healthy: false, problem: 'the last success is too long ago' },
    });
    expect(text).toContain('class="verdict wrong"');
    expect(text).toContain('<li>The last success is too long ago — <code>geolens-backup doctor</code></li>');
    expect(text).toContain('<title>(!) Backups of geolens</title>');
  });

  it('does not praise an installation that has no set yet', async () => {
    const { health } = statusOf();
    const text = await pageOf({
      health: { ...health, lastSuccessAt: undefined },
      journal: {},
      stores: [storeOf('local')],
      replicas: [],
    });
    expect(text).toContain('There is no set yet; the next run is in 23 h');
    expect(text).toContain('No copy leaves this machine');
    expect(text).toContain('Nothing to plot yet.');
  });

  it('takes no text for markup, whoever wrote it', async () => {
    const evil = '<script>alert("1")</script>';
    const text = await pageOf({
      database: evil,
      stores: [storeOf(evil, setOf({ state: 'bad', database: evil, problems: [evil] }))],
      journal: {
        lastRun: {
          outcome: 'failed',
          startedAt: '2026-11-22T02:00:00Z',
          finishedAt: '2026-11-22T02:00:00Z',
          error: evil,
        },
      },
    });
    expect(text).not.toContain('<script');
    expect(text.split('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;').length).toBeGreaterThan(5);
  });

  it('shows sixty sets, and says how many more there are', async () => {
    const sets = Array.from({ length: 70 }, (_, day) =>
      setOf({
        timestamp: `202601${String((day % 31) + 1).padStart(2, '0')}_0${Math.floor(day / 31)}0000` as never,
      }),
    );
    const text = await pageOf({ stores: [storeOf('local', ...sets)] });
    expect(text.match(/<td[^>]*><span><a href="sets\/2026/g)).toHaveLength(60);
    expect(text).toContain('and 10 older: <code>geolens-backup list</code>');
  });

  it('shows a bucket that was not read yet', async () => {
    expect(await pageOf({ stores: [storeOf('local', setOf())] })).toContain('not read yet');
  });
});

describe('the page, for an operator', () => {
  const RUN = { startedAt: '2026-11-22T02:00:00Z', finishedAt: '2026-11-22T02:00:09Z' };

  it('shows the run in progress, and is loaded again soon', async () => {
    const running = { since: new Date('2026-11-22T02:50:00Z'), phase: 'produce dump', percent: 40 };
    const text = await pageOf({ health: { ...statusOf().health, running } });
    expect(text).toContain('A run is in progress since 2026-11-22 02:50 (10 min): <b>produce dump, 40 %</b>');
    expect(text).toContain('<progress max="100" value="40">');
    expect(text).toContain('http-equiv="refresh" content="10"');
    expect(await pageOf()).not.toContain('<progress');
  });

  it('is not green while no restore test has ever passed', async () => {
    const { lastRun } = statusOf().journal;
    const text = await pageOf({ journal: { lastRun } });
    expect(text).toContain('class="verdict look"');
    expect(text).toContain('no restore test has passed yet');
    const restoreTest = { outcome: 'passed', at: '2026-11-22T02:30:00Z' } as const;
    const tested = await pageOf({
      journal: { lastRun },
      stores: [storeOf('local', setOf({ checks: { restoreTest } }))],
      replicas: [],
    });
    expect(tested).toContain('class="verdict good"');
    expect(tested).toContain('1,234 rows in 2 tables, each table as in the dump');
  });

  it('has the last ten runs, the newest first, with their errors; a long one behind "more"', async () => {
    const pastRuns = Array.from({ length: 12 }, (_, run) => ({
      ...RUN,
      startedAt: `2026-11-${String(run + 1).padStart(2, '0')}T02:00:00Z`,
      outcome: 'failed' as const,
      error: run === 11 ? `first line\nsecond ${'x'.repeat(200)}` : `error ${run}`,
    }));
    const text = await pageOf({ journal: { pastRuns } });
    expect(text.match(/<i>×<\/i> failed/g)).toHaveLength(10);
    expect(text).not.toContain('>error 1<');
    expect(text).toMatch(
      /<details><summary><span>first line second x+… <\/span><b>more<\/b><\/summary>first line second x{200}<\/details>/,
    );
    expect(text.indexOf('>2026-11-12 02:00<')).toBeLessThan(text.indexOf('>2026-11-11 02:00<'));
  });

  it('has commands as they are typed on the host, also in the empty state', async () => {
    const { health } = statusOf();
    const text = await pageOf({
      health: { ...health, lastSuccessAt: undefined },
      journal: {},
      stores: [storeOf('local')],
      replicas: [],
      commandPrefix: 'docker compose exec backup geolens-backup',
    });
    expect(text).toContain('<code>docker compose exec backup geolens-backup run</code>');
    expect(text).not.toContain('<code>geolens-backup');
  });

  it('has the free disk space and the days left', async () => {
    expect(await pageOf()).toContain('days left are known after two sets');
  });
});

describe('the page of a set', () => {
  const { timestamp } = setOf();
  const pageOfSet = async (change: Partial<Status> = {}): Promise<string> =>
    String(await setPage(statusOf(change), timestamp, (text) => text));

  it('has its artifacts, checks, tables with rows, and how to restore it', async () => {
    const text = await pageOfSet({ commandPrefix: 'kubectl exec deploy/backup -- geolens-backup' });
    for (const part of [
      'geolens_20261122_020000.dump',
      'local daily, s3 daily',
      'a'.repeat(64),
      'read from end to end by pg_restore and tar',
      'catalog.datasets',
      '1,200',
      '<code>kubectl exec deploy/backup -- geolens-backup restore 20261122_020000 --dry-run</code>',
    ])
      expect(text).toContain(part);
  });

  it('takes no text for markup, and is bounded', async () => {
    const evil = '<script>x</script>';
    const rowCounts = Array.from({ length: 600 }, (_, rows) => ({ schema: evil, table: `t${rows}`, rows }));
    const artifacts = MANIFEST.artifacts.map((artifact) => ({ ...artifact, rowCounts }));
    const manifest = { ...MANIFEST, artifacts, warnings: Array.from({ length: 99 }, () => evil) };
    const text = await pageOfSet({ stores: [storeOf('local', setOf({ manifest, problems: [evil] }))] });
    expect(text).not.toContain('<script');
    expect(text).toContain('and 100 tables with fewer rows');
    expect(text.length).toBeLessThan(150_000);
  });

  it('shows for an encrypted copy its recipients, and how to restore from it', async () => {
    const recipients = ['0123456789abcdef', 'fedcba9876543210'];
    const set = setOf({ manifest: { ...MANIFEST, encryption: { scheme: 'age', recipients } } });
    const one = await pageOfSet({ stores: [storeOf('local', setOf()), storeOf('s3', set)] });
    expect(one).toContain(`Encrypted on s3. The identity (private key) of one of these`);
    expect(one).toContain(recipients.join(', '));
    expect(one).toContain('geolens-backup restore 20261122_020000 --store s3 --identity-file -</code>');
    expect(one).toContain('geolens-backup restore 20261122_020000 --dry-run</code>');
    const all = await pageOfSet({ stores: [storeOf('local', set), storeOf('s3', set)] });
    expect(all).toContain('geolens-backup restore 20261122_020000 --identity-file - --dry-run</code>');
    expect(await pageOfSet({})).not.toContain('identity');
  });

  it('does not exist for a set that no store has', async () => {
    expect(await pageOfSet({ stores: [storeOf('local')] })).toBe('undefined');
  });
});

describe('the days until the disk is full', () => {
  const at = (day: number, size: number): BackupSet =>
    setOf({
      timestamp: parseTimestamp(`202611${String(day).padStart(2, '0')}_020000`)!,
      artifacts: [{ kind: 'dump', key: artifactKey('daily', 'x'), bytes: size }],
    });
  it.each([
    [[at(2, 100)], { daily: 7, weekly: 4 }, undefined],
    [[at(2, 100), at(1, 100)], { daily: 7, weekly: 4 }, 5],
    [[at(2, 100), at(1, 100)], { daily: 2, weekly: 0 }, Infinity],
    [[at(3, 120), at(2, 110), at(1, 100)], { daily: 3, weekly: 0 }, 500 / 30],
  ])('of sets %#', (sets, retention, days) => {
    expect(daysLeft({ sets, freeBytes: 500, retention })).toBe(days);
  });
});

describe('the scales of the plots', () => {
  it.each([
    [1, 1],
    [1.1, 2],
    [3, 5],
    [9.9e8, 1e9],
    [1.2e9, 2e9],
    [6, 10],
  ])('reach for %d to %d', (value, top) => {
    expect(roundNumber(value)).toBe(top);
  });

  it.each([
    [1, 1000],
    [9_100, 10_000],
    [61_000, 120_000],
    [1_900_000, 7_200_000],
    [8_000_000, 14_400_000],
  ])('reach for %d ms to %d ms', (value, top) => {
    expect(roundDuration(value)).toBe(top);
  });
});
