import { expect, it } from 'vitest';
import {
  artifactKey,
  BackupError,
  formatArtifactName,
  parseTimestamp,
  type ArtifactKey,
} from '@geolens/backup-core';
import { formatManifest } from '@geolens/backup-core/internal';
import { FaultyStore, MemoryStore } from '@geolens/backup-core/testing';
import { prune } from '../../src/commands/prune.ts';
import { commandKit } from '../support/command-kit.ts';
import { MANIFEST } from '../support/sets.ts';

const STUCK: ArtifactKey = 'daily/staging-20260102_020000.tar.gz';
const error = new BackupError('STORE_FAILED', `${STUCK}: EIO`);

function storeWithFiveSets(): MemoryStore {
  const store = new MemoryStore();
  for (const day of ['01', '02', '03', '04', '05']) {
    for (const name of [`geolens_202601${day}_020000.dump`, `staging-202601${day}_020000.tar.gz`])
      store.artifacts.set(`daily/${name}`, new Uint8Array(1));
  }
  return store;
}

/** Prunes five sets of which one stays, and of another one a file cannot be removed. */
async function pruned(json: boolean): Promise<{ said: string; logged: string; left: readonly string[] }> {
  const store = storeWithFiveSets();
  const primary = new FaultyStore(store, ({ operation, key }) =>
    operation === 'remove' && key === STUCK ? error : undefined,
  );
  const { context, output } = await commandKit(primary);
  await expect(prune(context, { json, dryRun: false })).rejects.toBe(error);
  return { ...output, left: [...store.artifacts.keys()].sort() };
}

it('`prune` tells what it removed though a file could not be, and ends with that error', async () => {
  const { said, logged, left } = await pruned(false);
  expect(left).toEqual(
    ['daily/geolens_20260105_020000.dump', STUCK, 'daily/staging-20260105_020000.tar.gz'].sort(),
  );
  const verdicts = said
    .split('\n')
    .slice(1)
    .map((line) => line.split(/ {2,}/).slice(0, 3).join(' '));
  expect(verdicts).toEqual([
    '20260105_020000 daily keep',
    '20260104_020000 daily remove',
    '20260103_020000 daily remove',
    '20260102_020000 daily partly removed',
    '20260101_020000 daily remove',
    '',
  ]);
  expect(logged).toContain('retention removed 3 of 5 sets');
});

it('`prune --json` lists what is gone beside what should be', async () => {
  const { said } = await pruned(true);
  const { remove, removed } = JSON.parse(said) as { remove: string[]; removed: string[] };
  expect(remove).toHaveLength(8);
  expect(removed).toEqual(remove.filter((key) => key !== STUCK));
});

it.each([true, false])(
  '`prune` removes nothing while the newest set is suspicious, says why, and is done (dry run: %s)',
  async (dryRun) => {
    const store = storeWithFiveSets();
    const timestamp = parseTimestamp('20260106_020000')!;
    const dump = {
      ...MANIFEST.artifacts[0]!,
      name: formatArtifactName({ kind: 'dump', timestamp, database: 'geolens' }),
      bytes: 1,
    };
    const manifest = {
      ...MANIFEST,
      timestamp,
      artifacts: [dump],
      suspicion: { reasons: ['it has 10 rows'], at: '2026-01-06T02:00:00.000Z' },
    };
    store.artifacts.set(artifactKey('daily', dump.name), new Uint8Array(1));
    store.artifacts.set(
      artifactKey('daily', `manifest-${timestamp}.json`),
      Buffer.from(formatManifest(manifest)),
    );
    const before = [...store.artifacts.keys()];
    const { context, output } = await commandKit(store);
    expect(await prune(context, { json: false, dryRun })).toBe(0);
    expect([...store.artifacts.keys()]).toEqual(before);
    expect(output.said.match(/ keep /g)).toHaveLength(6);
    expect(output.said).toContain(
      'older than the newest 1 of daily, but the newest set (20260106_020000) is suspicious: nothing is removed until it is accepted',
    );
    expect(output.logged).toMatch(
      /WARN {2}SUSPICIOUS: set 20260106_020000 .*: it has 10 rows\. .*geolens-backup accept 20260106_020000\n$/,
    );
  },
);
