import { describe, expect, it } from 'vitest';
import { roundDuration, roundNumber } from '../../src/status/page/plot.ts';
import { page } from '../../src/status/page/page.ts';
import type { Status } from '../../src/status/status.ts';
import { setOf } from '../support/sets.ts';
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
    expect(text.match(/<tr><td class="">2026/g)).toHaveLength(60);
    expect(text).toContain('and 10 older: <code>geolens-backup list</code>');
  });

  it('shows a bucket that was not read yet', async () => {
    expect(await pageOf({ stores: [storeOf('local', setOf())] })).toContain('not read yet');
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
