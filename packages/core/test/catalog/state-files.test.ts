import { describe, expect, it } from 'vitest';
import {
  acceptSet,
  artifactKey,
  BackupError,
  keepNewest,
  noLock,
  planRetention,
  prune,
  readSets,
  type ArtifactKey,
  type Checks,
} from '../../src/index.ts';
import { formatManifest } from '../../src/internal.ts';
import { groupSets } from '../../src/catalog/group-sets.ts';
import { recordState } from '../../src/catalog/state-files.ts';
import { FaultyStore, ManualClock, MemoryStore } from '../../src/testing/index.ts';
import { at, manifestOf } from '../support/manifests.ts';
import { DAY, SATURDAY, SUNDAY } from '../support/run-kit.ts';
import { VerifyKit } from '../support/verify-kit.ts';

const T = at('20260104_020000');
const STATE = artifactKey('daily', `state-${T}.json`);
const AT = '2026-01-05T00:00:00.000Z';
const BAD: Checks = { content: { outcome: 'failed', at: AT, reason: 'torn' } };

async function storeWith(checks: Checks = BAD): Promise<MemoryStore> {
  const store = new MemoryStore();
  const manifest = manifestOf(T);
  for (const { name, bytes } of manifest.artifacts)
    store.artifacts.set(artifactKey('daily', name), new Uint8Array(bytes));
  store.artifacts.set(artifactKey('daily', `manifest-${T}.json`), Buffer.from(formatManifest(manifest)));
  await recordState(store, { tier: 'daily', timestamp: T }, { checks });
  return store;
}

const stateText = (change: object): string =>
  JSON.stringify({ schemaVersion: 1, timestamp: T, checks: BAD, ...change });

describe('a state file', () => {
  it('belongs to its set, and is not one of its artifacts', async () => {
    const [set] = await readSets(await storeWith());
    expect(set).toMatchObject({
      state: 'bad',
      checks: { ...manifestOf(T).checks, ...BAD },
      stateFile: { key: STATE, kind: 'state' },
    });
    expect(set!.artifacts.map(({ kind }) => kind).sort()).toEqual(['dump', 'manifest', 'staging']);
  });

  it.each([
    ['damaged', '{', 'the state file is not valid JSON'],
    ['of a newer version', '{"schemaVersion":2}', 'the state file has schemaVersion 2'],
    ['of another run', stateText({ timestamp: '20260105_020000' }), 'timestamp is missing or not'],
    ['far too large', stateText({ padding: 'x'.repeat(256 * 1024) }), 'more than 262144 bytes'],
  ])('that is %s is ignored, and its set is there, with a word on that', async (_, text, problem) => {
    const store = await storeWith();
    store.artifacts.set(STATE, Buffer.from(text));
    const [set] = await readSets(store);
    expect(set).toMatchObject({ state: 'complete', checks: manifestOf(T).checks });
    expect(set!.problems).toEqual([expect.stringContaining(`its state file is ignored: `) as string]);
    expect(set!.problems[0]).toContain(problem);
  });

  it('that the store fails to read leaves open what the set is', async () => {
    const store = new FaultyStore(await storeWith(), ({ operation, key }) =>
      operation === 'read' && key === STATE ? new BackupError('STORE_FAILED', 'bad sector') : undefined,
    );
    expect(await readSets(store)).toMatchObject([
      { state: 'partial', unread: true, problems: ['bad sector'], manifest: undefined },
    ]);
  });

  it('that goes away while it is read is none', async () => {
    const store = new FaultyStore(await storeWith(), ({ operation, key }) =>
      operation === 'read' && key === STATE ? new BackupError('ARTIFACT_NOT_FOUND', 'gone') : undefined,
    );
    expect(await readSets(store)).toMatchObject([{ state: 'complete', problems: [] }]);
  });

  it('does not apply to the same set in another tier', async () => {
    const store = await storeWith();
    for (const [key, content] of [...store.artifacts].filter(([name]) => name !== STATE))
      store.artifacts.set(key.replace('daily', 'weekly') as ArtifactKey, content);
    expect((await readSets(store)).map(({ tier, state }) => [tier, state])).toEqual([
      ['daily', 'bad'],
      ['weekly', 'complete'],
    ]);
  });

  it('beside a dump without manifest and globals makes it partial, not legacy', async () => {
    const store = await storeWith();
    store.artifacts.delete(artifactKey('daily', `manifest-${T}.json`));
    expect(await readSets(store)).toMatchObject([{ state: 'partial', problems: ['there is no manifest'] }]);
  });
});

describe('the state file of a set that goes', () => {
  it('goes last, whatever removal is cut off by, and a bad set never looks good on its way', async () => {
    const store = await storeWith();
    const sets = await readSets(store);
    const { remove } = planRetention({
      sets,
      policy: { decide: (all) => all.map((set) => ({ set, keep: false, reason: 'old' })) },
      database: 'geolens',
      now: new Date('2026-02-01T00:00:00Z'),
    });
    expect(remove).toHaveLength(4);
    expect([remove[0], remove.at(-1)]).toEqual([artifactKey('daily', `manifest-${T}.json`), STATE]);
    for (const key of remove) {
      store.artifacts.delete(key);
      for (const { state } of await readSets(store)) expect(state).toBe('partial');
    }
    expect(store.artifacts.size).toBe(0);
  });

  it('that an older version has left is no set, and is removed by prune and by a run', async () => {
    const clock = new ManualClock('2026-02-01T00:00:00Z');
    const alone = artifactKey('weekly', 'state-20251228_020000.json');
    const lonely = async (): Promise<MemoryStore> => {
      const store = await storeWith({});
      store.artifacts.set(alone, Buffer.from(stateText({ timestamp: '20251228_020000' })));
      return store;
    };
    const store = await lonely();
    expect(await readSets(store)).toHaveLength(1);
    expect(groupSets([{ key: alone, bytes: 1 }], new Map())).toEqual([]);
    const parts = { primary: store, retention: keepNewest({ daily: 1, weekly: 1 }), clock, lock: noLock };
    expect((await prune(parts, { database: 'geolens', dryRun: true })).remove).toEqual([alone]);
    await prune(parts, { database: 'geolens', dryRun: false });
    expect([store.artifacts.has(alone), store.artifacts.has(STATE)]).toEqual([false, true]);

    const kit = new VerifyKit(SATURDAY);
    kit.store.artifacts.set(alone, Buffer.from('{'));
    expect(await kit.run()).toMatchObject({ outcome: 'succeeded', removed: [alone] });
    expect(kit.files()).toHaveLength(4);
  });
});

describe('a manifest, once it is published', () => {
  it('is never changed by what is learnt of its set', async () => {
    const kit = new VerifyKit(SATURDAY);
    kit.keep = { daily: 9, weekly: 9 };
    await kit.run({ replicas: [kit.replica] });
    kit.clock.jumpTo(new Date(SUNDAY));
    kit.producer.rows = [];
    await kit.run(
      { replicas: [kit.replica], restoreTest: kit.restoreTest },
      { verify: 'restore', sizeAnomalyThreshold: 0.9 },
    );
    const manifests = (): string[] =>
      [kit.store, kit.replica].flatMap(({ name, artifacts }) =>
        [...artifacts]
          .filter(([key]) => key.includes('/manifest-'))
          .map(([key, content]) => `${name} ${key} ${Buffer.from(content).toString()}`),
      );
    const before = manifests();
    expect(await kit.states()).toContain('daily 20260104_020000 suspicious');
    await kit.verify('all', { restore: true });
    const { stores, clock } = kit;
    await acceptSet({ stores, clock, lock: noLock }, { database: 'geolens', timestamp: T });
    kit.damage(kit.keyOf('dump'));
    await kit.verify('all');
    expect(await kit.states()).toContain('daily 20260104_020000 bad');
    kit.clock.jumpTo(new Date(kit.clock.now().getTime() + DAY));
    await kit.run({ replicas: [kit.replica] });
    expect(manifests()).toEqual(expect.arrayContaining(before));
    expect(await kit.states(kit.replica)).toContain('daily 20260104_020000 complete');
  });

  it('costs no state file as long as nothing is learnt', async () => {
    const kit = new VerifyKit(SUNDAY);
    await kit.run({ replicas: [kit.replica] });
    for (const { artifacts } of [kit.store, kit.replica])
      expect([...artifacts.keys()].filter((key) => key.includes('state-'))).toEqual([]);
  });
});

describe('what is learnt of a set', () => {
  it('is not outlasted by a check of while the clock was ahead', async () => {
    const kit = new VerifyKit('2027-01-01T02:00:00Z');
    await kit.run();
    kit.clock.jumpTo(new Date('2026-01-05T00:00:00Z'));
    kit.damage(kit.keyOf('dump'));
    const timestamp = (await kit.set()).timestamp;
    await kit.verify(timestamp);
    expect((await kit.set()).state).toBe('bad');
  });

  it('stays short enough to be read, however much is wrong', async () => {
    const kit = new VerifyKit(SATURDAY);
    await kit.run();
    kit.restoreTest.answer = { problems: Array.from({ length: 100_000 }, (_, at) => `\u0001 ${at}`) };
    await kit.verify('latest', { restore: true });
    expect((await kit.set()).checks.restoreTest?.outcome).toBe('failed');
  });

  it('is recorded of a set that is still there, and not of one that was removed meanwhile', async () => {
    const kit = new VerifyKit(SATURDAY);
    await kit.run();
    const [set] = await kit.sets();
    kit.producer.check = () => {
      for (const key of kit.files()) kit.store.artifacts.delete(key as ArtifactKey);
      return Promise.resolve({ rows: [] } as never);
    };
    expect((await kit.verify(set!.timestamp)).errors).toEqual([]);
    expect(kit.files()).toEqual([]);
  });

  it('comes to a weekly copy that is made later only where it is an acceptance', async () => {
    const kit = new VerifyKit('2026-01-03T02:00:00Z');
    await kit.run();
    kit.clock.jumpTo(new Date(SUNDAY));
    kit.producer.rows = [];
    const full = new BackupError('STORE_FULL', 'no space left');
    await kit.run(
      { fault: ({ operation }) => (operation === 'copy' ? full : undefined) },
      { sizeAnomalyThreshold: 0.9 },
    );
    await kit.verify(T, { restore: true });
    const [store, lock] = [kit.store, noLock];
    await acceptSet({ stores: [store], clock: kit.clock, lock }, { database: 'geolens', timestamp: T });
    kit.clock.jumpTo(new Date(kit.clock.now().getTime() + DAY));
    await kit.run();
    const weekly = await kit.set('weekly');
    expect(weekly).toMatchObject({ timestamp: T, state: 'complete', acceptedAt: '2026-01-04T02:00:00.000Z' });
    expect(Object.keys(weekly.checks)).toEqual(['checksum', 'content']);
  });
});
