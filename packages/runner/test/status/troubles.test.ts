import { describe, expect, it } from 'vitest';
import { BackupError, parseTimestamp, type ArtifactKey, type BackupSet } from '@geolens/backup-core';
import type { Status } from '../../src/status/status.ts';
import { troublesOf } from '../../src/status/troubles.ts';
import { NOW, setOf } from '../support/sets.ts';
import { statusOf, storeOf } from '../support/status.ts';

const FINISHED = { startedAt: '2026-11-22T02:00:00.000Z', finishedAt: '2026-11-22T02:00:09.000Z' };
const HEALTH = statusOf().health;
const TIMESTAMP = parseTimestamp('20261121_020000')!;
const YESTERDAY = setOf({
  timestamp: TIMESTAMP,
  artifacts: setOf().artifacts.map((artifact) => ({
    ...artifact,
    key: artifact.key.replace('20261122', '20261121') as ArtifactKey,
  })),
});

describe('what somebody has to look at', () => {
  it('is nothing when all is well', () => {
    expect(troublesOf(statusOf())).toEqual([]);
  });

  it.each<[string, Partial<Status>, string, string]>([
    [
      'no success for too long',
      { health: { ...HEALTH, healthy: false, problem: 'the last success is too long ago' } },
      'The last success is too long ago',
      'geolens-backup doctor',
    ],
    [
      'a run that failed',
      { journal: { lastRun: { outcome: 'failed', error: 'server away', ...FINISHED } } },
      'The last run failed: server away',
      'geolens-backup doctor',
    ],
    [
      'a run after which something failed',
      { journal: { lastRun: { outcome: 'with-errors', error: 's3 away', ...FINISHED } } },
      'The last run finished with errors: its set is good, a later step failed: s3 away',
      'geolens-backup doctor',
    ],
    [
      'a bad set, wherever',
      {
        stores: [storeOf('local', setOf()), storeOf('s3', setOf({ state: 'bad', problems: ['bad sector'] }))],
      },
      'Set 20261122_020000 is bad on s3: bad sector',
      'geolens-backup verify 20261122_020000',
    ],
    [
      'an inconclusive restore test',
      {
        journal: {
          lastRestoreTest: {
            outcome: 'inconclusive',
            finishedAt: FINISHED.finishedAt,
            problem: 'no disk space',
          },
        },
      },
      'The last restore test did not pass (inconclusive): no disk space',
      'geolens-backup verify --restore',
    ],
    [
      'a store that is away',
      {
        stores: [
          storeOf('local', setOf()),
          {
            name: 's3',
            sets: undefined,
            error: new BackupError('STORE_UNAVAILABLE', 'no route'),
            inspectedAt: NOW,
          },
        ],
      },
      'S3 could not be read: no route',
      'geolens-backup doctor',
    ],
    [
      'a copy that is missing',
      { stores: [storeOf('local', setOf(), YESTERDAY), storeOf('s3', setOf())] },
      'S3 lacks 1 set, the oldest made 1 d ago',
      'geolens-backup run',
    ],
  ])('is %s, with what to do', (_, change, text, command) => {
    expect(troublesOf(statusOf(change))).toContainEqual({ text, command });
  });

  it('is a suspicious set: look first, restore the last good set if data is lost, accept it last', () => {
    const suspicious = setOf({ state: 'suspicious', problems: ['half as many rows'] });
    expect(troublesOf(statusOf({ stores: [storeOf('local', suspicious, YESTERDAY)], replicas: [] }))).toEqual(
      [
        {
          text: 'The newest set, 20261122_020000, is suspicious: half as many rows',
          command: 'geolens-backup list',
          next: [
            {
              when: 'if data is lost, restore the last good set',
              command: 'geolens-backup restore 20261121_020000',
            },
            {
              when: 'only if the change is intended, accept the set',
              command: 'geolens-backup accept 20261122_020000',
            },
          ],
        },
      ],
    );
  });

  it('is a failed restore test once, however it is known, until it is accepted', () => {
    const result = { outcome: 'failed', at: FINISHED.finishedAt, reason: 'the view a fails' } as const;
    const { timestamp } = setOf();
    const lastRestoreTest = { outcome: 'failed', timestamp, finishedAt: result.at } as const;
    const troubles = (change: Partial<Status>): readonly string[] =>
      troublesOf(statusOf({ journal: { lastRestoreTest }, ...change })).map(
        ({ text, command }) => `${text} (${command})`,
      );
    const failed = {
      ...HEALTH,
      healthy: false,
      failedRestoreTest: { timestamp, result },
      problem: 'it failed',
    };
    expect(troubles({ health: failed })).toEqual([
      'It failed (geolens-backup verify 20261122_020000 --restore)',
    ]);
    expect(troublesOf(statusOf({ health: failed }))[0]?.next?.[0]?.command).toBe(
      'geolens-backup accept 20261122_020000',
    );
    const accepted = setOf({ checks: { restoreTest: { ...result, acceptedAt: result.at } } });
    expect(troubles({ stores: [storeOf('local', accepted)] })).toEqual([]);
    expect(troubles({})).toHaveLength(1);
  });

  it('is a bad set once, though it is in two tiers', () => {
    const bad = (tier: 'daily' | 'weekly'): BackupSet => setOf({ tier, state: 'bad', problems: ['torn'] });
    expect(troublesOf(statusOf({ stores: [storeOf('local', bad('daily'), bad('weekly'))] }))).toHaveLength(1);
  });

  it('is not a set that was made a moment ago and may be on its way to a bucket', () => {
    expect(
      troublesOf(
        statusOf({
          now: new Date('2026-11-22T02:59:59Z'),
          stores: [storeOf('local', setOf()), storeOf('s3')],
        }),
      ),
    ).toEqual([]);
    expect(troublesOf(statusOf({ stores: [storeOf('local', setOf()), storeOf('s3')] }))).toHaveLength(1);
  });
});
