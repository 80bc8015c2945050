import { beforeEach, describe, expect, it } from 'vitest';
import { BackupError, readSets, type ArtifactKey, type BackupSet, type RunReport } from '../../src/index.ts';
import { recordState } from '../../src/catalog/state-files.ts';
import { replicate } from '../../src/replicate/replicate.ts';
import { FaultyStore, ManualClock, MemoryStore, sourceOf, type StoreCall } from '../../src/testing/index.ts';
import { Phases } from '../../src/progress/phases.ts';
import { amendManifest } from '../support/older-version.ts';
import { RunKit, SATURDAY, SUNDAY } from '../support/run-kit.ts';

const AT = '2026-01-04T03:00:00.000Z';
const SUSPICION = { reasons: ['it is small'], at: '2026-01-03T03:00:00.000Z' };
const passed = { outcome: 'passed', at: '2026-01-03T05:00:00.000Z' } as const;

type Fault = (call: StoreCall) => Error | undefined;

const AWAY = new BackupError('STORE_UNAVAILABLE', 's3 is away');
const away: Fault = () => AWAY;

/** A run kit with a second store that is to have everything too. */
class ReplicatedKit extends RunKit {
  readonly replica = new MemoryStore('s3');
  replicaCalls: readonly StoreCall[] = [];

  async replicatedRun(fault: Fault = () => undefined): Promise<RunReport> {
    const faulty = new FaultyStore(this.replica, fault);
    this.replicaCalls = faulty.calls;
    return this.run({ replicas: [faulty] });
  }

  nextDay(): void {
    this.clock.jumpTo(new Date(this.clock.now().getTime() + 86_400_000));
  }

  remote(): string[] {
    return [...this.replica.artifacts.keys()].sort();
  }

  /** The manifests of both stores. */
  manifests(): string[] {
    return [this.store, this.replica].flatMap(({ name, artifacts }) =>
      [...artifacts]
        .filter(([key]) => key.includes('/manifest-'))
        .map(([key, content]) => `${name} ${key} ${Buffer.from(content).toString()}`),
    );
  }

  operations(): string[] {
    return this.replicaCalls
      .filter(({ operation }) => operation === 'put' || operation === 'copy')
      .map(({ operation, key }) => `${operation} ${key!}`);
  }
}

let kit: ReplicatedKit;
beforeEach(() => {
  kit = new ReplicatedKit(SATURDAY);
});

describe('a run with a replica', () => {
  it('leaves the same artifacts, byte for byte, on both', async () => {
    const report = await kit.replicatedRun();
    expect(report).toMatchObject({
      outcome: 'succeeded',
      replication: [{ store: 's3', copied: [{ tier: 'daily' }], missing: 0, errors: [] }],
    });
    expect(kit.remote()).toEqual(kit.files());
    for (const [key, content] of kit.store.artifacts)
      expect(Buffer.from(kit.replica.artifacts.get(key)!).equals(Buffer.from(content)), key).toBe(true);
  });

  it('sends the manifest last, so that a set which is cut off is never taken for a complete one', async () => {
    await kit.replicatedRun();
    expect(kit.operations().at(-1)).toMatch(/^put daily\/manifest-/);
    for (let allowed = 0; allowed < 4; allowed += 1) {
      const cut = new ReplicatedKit(SATURDAY);
      let puts = 0;
      await cut.replicatedRun(({ operation }) =>
        operation === 'put' && ++puts > allowed ? AWAY : undefined,
      );
      expect((await readSets(cut.replica)).filter(({ state }) => state !== 'partial')).toEqual([]);
    }
  });

  it('sends a Sunday’s set once, and lets the store copy it to weekly', async () => {
    const sunday = new ReplicatedKit(SUNDAY);
    await sunday.replicatedRun();
    expect(sunday.remote()).toEqual(sunday.files());
    expect(
      sunday
        .operations()
        .filter((call) => call.startsWith('put'))
        .every((call) => call.startsWith('put daily/')),
    ).toBe(true);
    expect(sunday.operations().filter((call) => call.startsWith('copy weekly/'))).toHaveLength(4);
  });

  it('sends it where the store does not copy', async () => {
    const sunday = new ReplicatedKit(SUNDAY);
    const report = await sunday.replicatedRun(({ operation }) =>
      operation === 'copy' ? new BackupError('STORE_FORBIDDEN', 'no copies here') : undefined,
    );
    expect(report.outcome).toBe('succeeded');
    expect(sunday.remote()).toEqual(sunday.files());
  });

  it('tells a phase for each artifact that it copies', async () => {
    const { phases } = await kit.replicatedRun();
    expect(
      phases
        .filter(({ phase }) => phase === 'replicate')
        .map(({ tier, artifact }) => `${tier!} ${artifact!}`),
    ).toEqual(['daily globals', 'daily staging', 'daily dump', 'daily manifest']);
  });

  it('copies a legacy set too, whose digests nobody has written down', async () => {
    kit.store.artifacts.set('daily/geolens_20251231_020000.dump', Buffer.from('of before'));
    expect(await kit.replicatedRun()).toMatchObject({
      outcome: 'succeeded',
      replication: [{ copied: [{}, { timestamp: '20251231_020000' }] }],
    });
    expect(kit.remote()).toEqual(kit.files());
  });

  it('leaves alone what the replica has a manifest of and the volume has none: what is left here may be anything', async () => {
    await kit.replicatedRun();
    for (const store of [kit.store, kit.replica]) store.artifacts.delete('daily/globals-20260103_020000.sql');
    kit.store.artifacts.delete('daily/manifest-20260103_020000.json');
    kit.replica.artifacts.delete('daily/geolens_20260103_020000.dump');
    const before = kit.remote();
    kit.nextDay();
    await kit.replicatedRun();
    expect(kit.remote().filter((key) => key.includes('20260103'))).toEqual(before);
  });

  it('copies neither partial sets nor those of other databases, nor what is not ours', async () => {
    kit.store.artifacts.set('daily/notes.txt', Buffer.from('mine'));
    kit.store.artifacts.set('daily/other_20251231_020000.dump', Buffer.from('of another'));
    kit.store.artifacts.set('daily/staging-20251230_020000.tar.gz', Buffer.from('alone'));
    await kit.replicatedRun();
    expect(kit.remote().filter((key) => !key.includes('20260103_020000'))).toEqual([]);
  });

  it('removes nothing from it, whatever retention removes here', async () => {
    for (let day = 0; day < 5; day += 1) {
      await kit.replicatedRun();
      kit.nextDay();
    }
    expect((await kit.sets()).filter(({ tier }) => tier === 'daily')).toHaveLength(3);
    expect((await readSets(kit.replica)).filter(({ tier }) => tier === 'daily')).toHaveLength(5);
  });
});

describe('a replica that is away', () => {
  it('makes runs partial, keeps retention going, and has every set after the run that finds it back', async () => {
    for (let day = 0; day < 3; day += 1) {
      expect(await kit.replicatedRun(away)).toMatchObject({
        outcome: 'with-errors',
        errors: [AWAY],
        replication: [{ copied: [], missing: undefined }],
      });
      kit.nextDay();
    }
    expect(kit.remote()).toEqual([]);
    kit.keep = { daily: 4, weekly: 2 };
    expect(await kit.replicatedRun()).toMatchObject({ outcome: 'succeeded' });
    expect((await kit.sets()).map(({ state }) => state)).toEqual(Array(5).fill('complete'));
    expect(kit.remote()).toEqual(kit.files());
  });

  it('does not keep old sets from being removed here', async () => {
    for (let day = 0; day < 5; day += 1) {
      await kit.replicatedRun(away);
      kit.nextDay();
    }
    expect((await kit.sets()).filter(({ tier }) => tier === 'daily')).toHaveLength(3);
  });

  it('gets the sets of before also by a run that makes none', async () => {
    await kit.replicatedRun(away);
    kit.nextDay();
    kit.producer.snapshot = () => Promise.reject(new BackupError('DATABASE_UNREACHABLE', 'no server'));
    expect(await kit.replicatedRun()).toMatchObject({
      outcome: 'failed',
      errors: [{ code: 'DATABASE_UNREACHABLE' }],
      replication: [{ copied: [{ timestamp: '20260103_020000' }] }],
    });
    expect(kit.remote()).toEqual(kit.files());
  });

  it('is not asked for each set again once it does not answer', async () => {
    for (let day = 0; day < 3; day += 1) {
      await kit.replicatedRun(({ operation }) => (operation === 'put' ? AWAY : undefined));
      kit.nextDay();
    }
    expect(kit.operations()).toHaveLength(1);
  });
});

describe('what a replica has already', () => {
  it('is not sent again', async () => {
    await kit.replicatedRun();
    kit.nextDay();
    await kit.replicatedRun();
    expect(kit.operations().filter((call) => call.includes('20260103_'))).toEqual([]);
  });

  it('is sent again when its length is another, or when the operator removed it', async () => {
    await kit.replicatedRun();
    const key = kit.files().find((name) => name.endsWith('.dump')) as ArtifactKey;
    kit.replica.artifacts.set(key, Buffer.from('short'));
    kit.replica.artifacts.delete(kit.files().find((name) => name.endsWith('.sql')) as ArtifactKey);
    kit.nextDay();
    await kit.replicatedRun();
    expect(kit.remote()).toEqual(kit.files());
    expect(kit.replica.artifacts.get(key)).toEqual(kit.store.artifacts.get(key));
  });

  it('is put again, to be judged by the store, when no manifest says that it is good', async () => {
    await kit.replicatedRun(({ operation, key }) =>
      operation === 'put' && key!.includes('manifest') ? AWAY : undefined,
    );
    const key = kit.files().find((name) => name.endsWith('.dump')) as ArtifactKey;
    kit.replica.artifacts.set(key, Buffer.alloc(kit.replica.artifacts.get(key)!.length, 'x'));
    kit.nextDay();
    await kit.replicatedRun();
    expect(kit.replica.artifacts.get(key)).toEqual(kit.store.artifacts.get(key));
  });

  it('is never replaced when it is another set of the same name: it is somebody’s only copy', async () => {
    await kit.replicatedRun();
    const replicaManifest = new ReplicatedKit(SATURDAY);
    replicaManifest.producer.rows = [{ schema: 'theirs', table: 'of_another_machine', rows: 12345 }];
    for (const [key, content] of kit.replica.artifacts) replicaManifest.replica.artifacts.set(key, content);
    const report = await replicaManifest.replicatedRun();
    expect(report).toMatchObject({ outcome: 'with-errors', errors: [{ code: 'REPLICA_CONFLICT' }] });
    expect(report.errors[0]).toMatchObject({
      details: { reason: 'place-shared' },
      hint: 'Give each installation a place of its own',
    });
    expect(replicaManifest.replica.artifacts).toEqual(kit.replica.artifacts);
  });
});

describe('a daily set that did not get there', () => {
  it('is nothing to make the weekly one from', async () => {
    const sunday = new ReplicatedKit(SUNDAY);
    const bad = 'daily/geolens_20260104_020000.dump' as ArtifactKey;
    const report = await sunday.replicatedRun(({ operation, key }) => {
      if (operation !== 'put' || key !== bad) return undefined;
      sunday.replica.artifacts.set(bad, Buffer.alloc(sunday.store.artifacts.get(bad)!.length, 'x')); // it could not be removed again
      return new BackupError('ARTIFACT_MISMATCH', 'the store has other bytes');
    });
    expect(report).toMatchObject({ outcome: 'with-errors', replication: [{ copied: [{ tier: 'weekly' }] }] });
    const weekly = 'weekly/geolens_20260104_020000.dump' as ArtifactKey;
    expect(sunday.replica.artifacts.get(weekly)).toEqual(sunday.store.artifacts.get(weekly));
    expect(sunday.operations().filter((call) => call.startsWith('copy'))).toEqual([]);
  });
});

it('a manifest of a newer version is somebody’s set, and is not replaced', async () => {
  await kit.run();
  const key = kit.files().find((name) => name.includes('manifest')) as ArtifactKey;
  kit.replica.artifacts.set(key, Buffer.from('{"schemaVersion": 99}'));
  kit.nextDay();
  expect(await kit.replicatedRun()).toMatchObject({
    outcome: 'with-errors',
    errors: [{ code: 'REPLICA_CONFLICT' }],
  });
  expect(Buffer.from(kit.replica.artifacts.get(key)!).toString()).toBe('{"schemaVersion": 99}');
});

describe('the replication of a long history', () => {
  it('is bounded for one run, newest first, and goes on with the next', async () => {
    kit.keep = { daily: 50, weekly: 50 };
    await kit.runDaily(7);
    const { store: primary, replica } = kit;
    const sets = await kit.sets();
    const phases = new Phases(new ManualClock(SATURDAY));
    const request = { primary, replica, sets, database: 'geolens', phases, limit: 3 };
    const first = await replicate(request);
    expect(first.copied.map(({ tier, timestamp }) => `${tier} ${timestamp}`)).toEqual(
      sets.slice(0, 3).map(({ tier, timestamp }) => `${tier} ${timestamp}`),
    );
    expect(first.missing).toBe(sets.length - 3);
    await replicate(request);
    expect(await replicate(request)).toMatchObject({ missing: 0, errors: [] });
    expect(kit.remote()).toEqual(kit.files());
  });

  it('comes to its end behind sets of which the replica knows more than the primary', async () => {
    kit.keep = { daily: 50, weekly: 50 };
    await kit.runDaily(5);
    const { store: primary, replica } = kit;
    const request = {
      primary,
      replica,
      sets: await kit.sets(),
      database: 'geolens',
      phases: new Phases(new ManualClock(SATURDAY)),
      limit: 3,
    };
    while ((await replicate(request)).missing !== 0);
    const [first, ...others] = await readSets(replica);
    const restored = { ok: true, at: '2026-01-20T05:00:00.000Z' };
    await amendManifest(replica, first!, ({ checks }) => ({ checks: { ...checks, restored } }));
    for (const set of others) await recordState(replica, set, { checks: { restoreTest: passed } });
    for (const key of kit.remote().filter((name) => name.includes('20260103')))
      replica.artifacts.delete(key as ArtifactKey);
    expect(await replicate(request)).toMatchObject({
      copied: [{ tier: 'daily', timestamp: '20260103_020000' }],
      missing: 0,
      errors: [],
    });
  });

  it('goes on behind a set that cannot be copied, and warns of what is left', async () => {
    await kit.runDaily(2);
    const report = await kit.replicatedRun(({ operation, key }) =>
      operation === 'put' && key!.includes('20260104')
        ? new BackupError('STORE_FAILED', 'too large')
        : undefined,
    );
    expect(report).toMatchObject({
      outcome: 'with-errors',
      errors: [{ message: 'too large' }, { message: 'too large' }],
    });
    expect(
      (await readSets(kit.replica))
        .filter(({ state }) => state === 'complete')
        .map(({ timestamp }) => timestamp),
    ).toEqual(['20260105_020000', '20260103_020000']);
  });
});

describe('what killed runs left on a replica', () => {
  it('is cleaned up before anything is copied, and reported', async () => {
    kit.replica.cleanUp = () => Promise.resolve(['daily/geolens_20260102_020000.dump']);
    expect(await kit.replicatedRun()).toMatchObject({
      cleanedUp: ['s3: daily/geolens_20260102_020000.dump'],
    });
  });

  it('is a warning when it cannot be cleaned up, and nothing is kept from being copied', async () => {
    const report = await kit.replicatedRun(({ operation }) =>
      operation === 'cleanUp' ? new BackupError('STORE_FORBIDDEN', 'no right to list uploads') : undefined,
    );
    expect(report.outcome).toBe('succeeded');
    expect(report.warnings.join()).toContain('no right to list uploads');
    expect(kit.remote()).toEqual(kit.files());
  });
});

describe('a run that is stopped while it replicates', () => {
  it('ends soundly at whichever call, and the next run repairs it', async () => {
    for (let stopping = 0; ; stopping += 1) {
      const stopped = new ReplicatedKit(SUNDAY);
      const stop = new AbortController();
      let call = 0;
      const replica = new FaultyStore(stopped.replica, () => {
        if (call++ === stopping) stop.abort();
        return undefined;
      });
      const report = await stopped.run({ replicas: [replica] }, { signal: stop.signal });
      if (report.outcome === 'succeeded') {
        expect(stopping).toBeGreaterThan(8);
        return;
      }
      expect(report.errors.map(({ code }) => code)).toEqual(['ABORTED']);
      // A first run asks the replica beforehand what sets were like.
      expect((await stopped.sets()).map(({ state }) => state)).toEqual(
        report.manifest === undefined ? [] : ['complete', 'complete'],
      );
      stopped.nextDay();
      expect(await stopped.replicatedRun()).toMatchObject({ outcome: 'succeeded' });
      expect(stopped.remote()).toEqual(stopped.files());
    }
  });
});

it('a replica without a manifest of its own set is read for nothing: a put of what is there costs no conflict', async () => {
  await kit.run();
  const [dump] = [...kit.store.artifacts].filter(([key]) => key.endsWith('.dump'));
  await kit.replica.put(dump![0], sourceOf(dump![1]));
  kit.nextDay();
  expect(await kit.replicatedRun()).toMatchObject({ outcome: 'succeeded', errors: [] });
  expect(kit.remote()).toEqual(kit.files());
});

describe('what was found out about a copy', () => {
  it('stays with it, and an acceptance of the set comes to every copy', async () => {
    await kit.replicatedRun();
    const manifests = kit.manifests();
    const [set] = await readSets(kit.store);
    const [theirs] = await readSets(kit.replica);
    await recordState(kit.replica, theirs!, { checks: { restoreTest: passed } });
    await recordState(kit.store, set!, { acceptedAt: '2026-01-03T06:00:00.000Z' });
    kit.nextDay();
    await kit.replicatedRun();
    expect((await readSets(kit.replica)).at(-1)!).toMatchObject({
      acceptedAt: '2026-01-03T06:00:00.000Z',
      checks: { restoreTest: passed },
    });
    kit.nextDay();
    const again = await kit.replicatedRun();
    expect(again.replication[0]!.copied.map(({ timestamp }) => timestamp)).not.toContain('20260103_020000');
    expect(kit.operations().filter((call) => call.includes('20260103'))).toEqual([]);
    expect(kit.manifests()).toEqual(expect.arrayContaining(manifests));
  });

  it('stays with it in a manifest that an older version amended, and an acceptance there comes over too', async () => {
    kit.keep = { daily: 9, weekly: 9 };
    await kit.run();
    await amendManifest(kit.store, (await kit.sets())[0]!, () => ({ suspicion: SUSPICION }));
    kit.nextDay();
    await kit.replicatedRun();
    const restored = { ok: true, at: '2026-01-03T05:00:00.000Z' };
    await amendManifest(kit.replica, (await readSets(kit.replica)).at(-1)!, ({ checks }) => ({
      checks: { ...checks, restored },
    }));
    await amendManifest(kit.store, (await kit.sets()).at(-1)!, () => ({
      suspicion: undefined,
      acceptedAt: '2026-01-03T06:00:00.000Z',
    }));
    const manifests = kit.manifests();
    kit.nextDay();
    await kit.replicatedRun();
    expect((await readSets(kit.replica)).at(-1)!).toMatchObject({
      state: 'complete',
      acceptedAt: '2026-01-03T06:00:00.000Z',
      checks: { restoreTest: passed },
    });
    kit.nextDay();
    expect(await kit.replicatedRun()).toMatchObject({ outcome: 'succeeded' });
    expect(kit.operations().filter((call) => call.includes('20260103'))).toEqual([]);
    expect(kit.manifests()).toEqual(expect.arrayContaining(manifests));
  });

  it.each([
    ['a state file', (set: BackupSet) => recordState(kit.replica, set, { acceptedAt: AT })],
    [
      'a manifest that an older version amended',
      (set: BackupSet) => amendManifest(kit.replica, set, () => ({ suspicion: undefined, acceptedAt: AT })),
    ],
  ])('in %s is not taken back by a primary where it could not be accepted', async (_, accept) => {
    await kit.run();
    await amendManifest(kit.store, (await kit.sets())[0]!, () => ({ suspicion: SUSPICION }));
    kit.nextDay();
    await kit.replicatedRun();
    await accept((await readSets(kit.replica)).find(({ state }) => state === 'suspicious')!);
    kit.nextDay();
    await kit.replicatedRun();
    expect((await readSets(kit.replica)).map(({ state }) => state)).not.toContain('suspicious');
  });

  it.each([
    [
      'a state file',
      (set: BackupSet) =>
        recordState(kit.replica, set, {
          checks: { content: { outcome: 'failed', at: AT, reason: 'zeros' } },
        }),
    ],
    [
      'a manifest that an older version amended',
      (set: BackupSet) =>
        amendManifest(kit.replica, set, ({ checks }) => ({
          checks: { ...checks, readable: { ok: false, at: AT, problem: 'zeros' } },
        })),
    ],
  ])('and that it is bad, in %s, has it copied anew, from a primary whose set is good', async (_, mark) => {
    await kit.replicatedRun();
    const [theirs] = await readSets(kit.replica);
    const dump = theirs!.artifacts.find(({ kind }) => kind === 'dump')!.key;
    const good = kit.replica.artifacts.get(dump)!;
    kit.replica.artifacts.set(dump, Buffer.from(good).fill(0));
    await mark(theirs!);
    kit.nextDay();
    await kit.replicatedRun();
    expect(Buffer.from(kit.replica.artifacts.get(dump)!).equals(Buffer.from(good))).toBe(true);
    const sets = await readSets(kit.replica);
    expect(sets.map(({ state }) => state)).toEqual(['complete', 'complete', 'complete']);
    expect(sets.at(-1)!.checks).toEqual((await kit.sets()).at(-1)!.checks);
  });

  it('and that it is bad is forgotten last: a repair that is cut off at any call is begun again', async () => {
    for (let failing = 0; ; failing += 1) {
      const cut = new ReplicatedKit(SATURDAY);
      await cut.replicatedRun();
      const [theirs] = await readSets(cut.replica);
      for (const { key } of theirs!.artifacts.filter(({ kind }) => kind !== 'manifest'))
        cut.replica.artifacts.set(key, Buffer.from(cut.replica.artifacts.get(key)!).fill(0));
      await recordState(cut.replica, theirs!, { checks: { content: { outcome: 'failed', at: AT } } });
      cut.nextDay();
      let call = 0;
      const report = await cut.replicatedRun(({ key }) =>
        key?.includes('20260103') === true && call++ === failing ? AWAY : undefined,
      );
      const before = (await readSets(cut.replica)).find(({ timestamp }) => timestamp === '20260103_020000');
      if (report.outcome === 'succeeded') {
        expect(failing).toBeGreaterThan(4);
        return;
      }
      expect(before!.state).toBe('bad');
      cut.nextDay();
      await cut.replicatedRun();
      for (const [key, content] of cut.store.artifacts)
        expect(Buffer.from(cut.replica.artifacts.get(key)!).equals(Buffer.from(content)), key).toBe(true);
      expect((await readSets(cut.replica)).map(({ state }) => state)).not.toContain('bad');
    }
  });

  it('here and is refuted does not make its copies bad', async () => {
    await kit.run();
    const [set] = await kit.sets();
    await amendManifest(kit.store, set!, ({ checks }) => ({
      checks: { ...checks, readable: { ok: false, at: AT, problem: 'zeros' } },
    }));
    await recordState(kit.store, set!, { checks: { content: { outcome: 'passed', at: AT } } });
    kit.nextDay();
    await kit.replicatedRun();
    expect((await readSets(kit.replica)).map(({ state }) => state)).toEqual([
      'complete',
      'complete',
      'complete',
    ]);
    kit.nextDay();
    expect((await kit.replicatedRun()).replication[0]!.copied).toHaveLength(1);
  });

  it.each([
    ['a state file', (set: BackupSet) => recordState(kit.store, set, { checks: { restoreTest: passed } })],
    [
      'a manifest that an older version amended',
      (set: BackupSet) =>
        amendManifest(kit.store, set, ({ checks }) => ({
          checks: { ...checks, restored: { ok: true, at: '2026-01-03T05:00:00.000Z' } },
        })),
    ],
  ])('is not what was found out about the set here, in %s', async (_, mark) => {
    await kit.replicatedRun();
    const [theirs] = await readSets(kit.replica);
    await mark((await kit.sets())[0]!);
    kit.nextDay();
    await kit.replicatedRun();
    expect((await readSets(kit.replica)).at(-1)!.checks).toEqual(theirs!.checks);
  });

  it('is not lost to a manifest that is damaged here', async () => {
    await kit.replicatedRun();
    const key = kit.files().find((name) => name.includes('manifest')) as ArtifactKey;
    await amendManifest(kit.replica, (await readSets(kit.replica))[0]!, ({ checks }) => ({
      checks: { ...checks, restored: { ok: true, at: '2026-01-03T05:00:00.000Z' } },
    }));
    const replicaManifest = Buffer.from(kit.replica.artifacts.get(key)!).toString();
    kit.store.artifacts.set(
      key,
      Buffer.from(Buffer.from(kit.store.artifacts.get(key)!).toString().replace('"rows": 3', '"rows": 2')),
    );
    kit.nextDay();
    expect(await kit.replicatedRun()).toMatchObject({
      outcome: 'with-errors',
      errors: [
        { code: 'ARTIFACT_UNREADABLE', message: expect.stringContaining('manifest checksum') as string },
      ],
    });
    expect(Buffer.from(kit.replica.artifacts.get(key)!).toString()).toBe(replicaManifest);
  });

  it('and that its manifest is damaged has it copied anew: it is no other set', async () => {
    await kit.replicatedRun();
    const [replicaManifest] = await readSets(kit.replica);
    const key = kit.files().find((name) => name.includes('manifest')) as ArtifactKey;
    const text = Buffer.from(kit.replica.artifacts.get(key)!).toString();
    kit.replica.artifacts.set(
      key,
      Buffer.from(
        text.replace(/"sha256": "./, (found) => `${found.slice(0, -1)}${found.endsWith('a') ? 'b' : 'a'}`),
      ),
    );
    await amendManifest(kit.replica, replicaManifest!, ({ checks }) => ({
      checks: {
        ...checks,
        readable: {
          ok: false,
          at: '2026-01-03T05:00:00.000Z',
          problem: 'the manifest checksum does not fit',
        },
      },
    }));
    kit.nextDay();
    expect(await kit.replicatedRun()).toMatchObject({ outcome: 'succeeded' });
    expect(Buffer.from(kit.replica.artifacts.get(key)!).toString()).toBe(
      Buffer.from(kit.store.artifacts.get(key)!).toString(),
    );
  });

  it('is not spread: a set that is bad here is not copied', async () => {
    await kit.run();
    await recordState(kit.store, (await kit.sets())[0]!, {
      checks: { restoreTest: { outcome: 'failed', at: '2026-01-03T05:00:00.000Z', damaged: true } },
    });
    kit.nextDay();
    await kit.replicatedRun();
    expect(kit.remote().filter((key) => key.includes('20260103'))).toEqual([]);
  });
});
