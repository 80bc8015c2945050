import { expect, it } from 'vitest';
import { artifactKey, BackupError, type JournalState } from '@geolens/backup-core';
import { formatManifest } from '@geolens/backup-core/internal';
import { MemoryStore } from '@geolens/backup-core/testing';
import { health } from '../../src/commands/health.ts';
import { readConfig } from '../../src/config/config.ts';
import { commandKit } from '../support/command-kit.ts';
import { MANIFEST } from '../support/sets.ts';

interface Circumstances {
  readonly journal?: JournalState;
  readonly sets?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly json?: boolean;
}

/** Asks on 2026-02-01 at 00:00. */
async function asked({
  journal = {},
  sets = [],
  env = {},
  json = false,
}: Circumstances): Promise<{ code: number; said: string }> {
  const store = new MemoryStore();
  for (const set of sets) store.artifacts.set(`daily/${set}.dump`, new Uint8Array(1));
  const { context, output } = await commandKit(store);
  await context.services.journal.update(journal);
  const config = { ...context.config, ...pick(readConfig({ ...env, POSTGRES_DB: 'geolens' })) };
  return {
    code: await health({ ...context, config, redact: (text) => text.replaceAll('secret', '***') }, { json }),
    said: output.said,
  };
}

const pick = ({ schedule, maxAgeMinutes }: ReturnType<typeof readConfig>): object => ({
  schedule,
  maxAgeMinutes,
});

it.each([
  ['the default schedule', {}, '20260130_120000', 0],
  ['the default schedule', {}, '20260130_115959', 1],
  ['every ten minutes', { BACKUP_SCHEDULE: '*/10 * * * *' }, '20260131_234500', 0],
  ['every ten minutes', { BACKUP_SCHEDULE: '*/10 * * * *' }, '20260131_234459', 1],
  ['Sundays', { BACKUP_SCHEDULE: '0 2 * * 0' }, '20260122_000000', 0],
  [
    'Sundays, and a limit of its own',
    { BACKUP_SCHEDULE: '0 2 * * 0', BACKUP_MAX_AGE_MINUTES: '60' },
    '20260131_225959',
    1,
  ],
] as const)('`health` with %s %j answers for a set of %s with %d', async (_, env, timestamp, code) => {
  expect((await asked({ env, sets: [`geolens_${timestamp}`] })).code).toBe(code);
});

it('`health` says in one line what it found', async () => {
  expect((await asked({ sets: ['geolens_20260131_020000'] })).said).toBe(
    'healthy: last success 2026-01-31T02:00:00.000Z, 22 h ago (at most 1 d 12 h)\n',
  );
  expect((await asked({ journal: { firstStartAt: '2026-01-20T00:00:00.000Z' } })).said).toBe(
    'unhealthy: no run has succeeded since the first start: no set yet, started 12 d ago (at most 1 d 12 h)\n',
  );
});

it('`health` tells of a failed run without its secrets, and as JSON', async () => {
  const lastRun = {
    outcome: 'failed',
    startedAt: '2026-01-31T23:00:00.000Z',
    finishedAt: '2026-01-31T23:00:01.000Z',
    error: 'no secret here',
  } as const;
  const { code, said } = await asked({ journal: { lastRun }, sets: ['geolens_20260131_020000'], json: true });
  expect(code).toBe(0);
  expect(JSON.parse(said)).toEqual({
    healthy: true,
    lastSuccessAt: '2026-01-31T02:00:00.000Z',
    ageSeconds: 79_200,
    maxAgeSeconds: 129_600,
    lastFailure: { at: '2026-01-31T23:00:01.000Z', error: 'no *** here' },
    problem: null,
  });
});

it.each([
  [
    {
      currentRun: {
        startedAt: '2026-01-31T23:50:00Z',
        at: '2026-01-31T23:59:55Z',
        phase: 'produce dump',
        percent: 40,
      },
    },
    'unhealthy: there is no set yet, and the first run is in progress: no set yet; a run is in progress since 2026-01-31T23:50:00.000Z, produce dump, 40 %\n',
  ],
  [
    {
      lastRun: {
        outcome: 'failed',
        startedAt: '2026-01-31T23:00:00Z',
        finishedAt: '2026-01-31T23:00:01Z',
        error: 'server away',
      },
    },
    'unhealthy: there is no set, and no run has succeeded: no set yet; the last run failed at 2026-01-31T23:00:01.000Z: server away\n',
  ],
  [
    { currentRun: { startedAt: '2026-01-31T22:00:00Z', at: '2026-01-31T22:30:00Z' } },
    'unhealthy: there is no set, and no run was ever begun: no set yet\n',
  ],
] as const)(
  '`health` names the run in progress or the failed one, and ignores the record of a killed one: %j',
  async (journal, said) => {
    expect(await asked({ journal })).toEqual({ code: 1, said });
  },
);

it('`health --json` has the run in progress', async () => {
  const currentRun = { startedAt: '2026-01-31T23:50:00Z', at: '2026-01-31T23:59:55Z', phase: 'retain' };
  expect(JSON.parse((await asked({ journal: { currentRun }, json: true })).said)).toMatchObject({
    running: { since: '2026-01-31T23:50:00.000Z', phase: 'retain' },
  });
});

it('`health` takes no notice of the sets of another database', async () => {
  expect((await asked({ sets: ['other_20260131_020000'] })).code).toBe(1);
});

it('`health` passes on that the folder cannot be read', async () => {
  const { context } = await commandKit(new MemoryStore());
  context.services.journal.read = () => Promise.reject(new BackupError('STORE_FAILED', 'EIO'));
  await expect(health(context, { json: false })).rejects.toThrow('EIO');
});

it.each([
  [{}, 1],
  [{ acceptedAt: '2026-11-22T05:00:00.000Z' }, 0],
])('`health` with a failed restore test %j of the newest set answers with %d', async (acceptance, code) => {
  const store = new MemoryStore();
  const { timestamp } = MANIFEST;
  const restoreTest = { outcome: 'failed', at: '2026-11-22T04:00:00.000Z', reason: 'the view a fails' };
  const state = { schemaVersion: 1, timestamp, checks: { restoreTest: { ...restoreTest, ...acceptance } } };
  for (const { name, bytes } of MANIFEST.artifacts)
    store.artifacts.set(artifactKey('daily', name), new Uint8Array(bytes));
  store.artifacts.set(
    artifactKey('daily', `manifest-${timestamp}.json`),
    Buffer.from(formatManifest(MANIFEST)),
  );
  store.artifacts.set(artifactKey('daily', `state-${timestamp}.json`), Buffer.from(JSON.stringify(state)));
  const { context, output } = await commandKit(store);
  context.services.clock.now = () => new Date('2026-11-22T06:00:00Z');
  expect(await health(context, { json: false })).toBe(code);
  expect(
    output.said.startsWith('unhealthy: the restore test of set 20261122_020000 failed: the view a fails: '),
  ).toBe(code === 1);
  await health(context, { json: true });
  expect(output.said.includes('"failedRestoreTest"')).toBe(code === 1);
});
