import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  BackupError,
  noLock,
  selectSets,
  splitKey,
  type StoreCapabilities,
  TO_VERIFY,
  verify,
  withReason,
  type ArtifactKey,
  type Lock,
  type SetArtifact,
} from '../../src/index.ts';
import { lacksOf, problemsOf } from '../../src/internal.ts';
import { FaultyStore } from '../../src/testing/index.ts';
import { SATURDAY, SUNDAY } from '../support/run-kit.ts';
import { VerifyKit } from '../support/verify-kit.ts';

const KINDS: readonly SetArtifact['kind'][] = ['dump', 'globals', 'staging', 'manifest'];

let kit: VerifyKit;
beforeEach(async () => {
  kit = new VerifyKit(SATURDAY);
  await kit.run({ replicas: [kit.replica] });
});

describe('a verification', () => {
  it('finds a set that is as it was written good, and writes that down', async () => {
    kit.clock.jumpTo(new Date('2026-02-01T00:00:00Z'));
    const [report] = (await kit.verify('latest')).copies;
    expect(report).toMatchObject({ outcome: 'passed', restoreTest: undefined, error: undefined });
    expect(report!.artifacts.map(({ kind, problem }) => [kind, problem])).toEqual([
      ['manifest', undefined],
      ['dump', undefined],
      ['globals', undefined],
      ['staging', undefined],
    ]);
    const passed = { outcome: 'passed', at: '2026-02-01T00:00:00.000Z' };
    expect((await kit.set()).checks).toEqual({ checksum: passed, content: passed });
    expect(kit.locked).toEqual([{ command: 'verify' }]);
  });

  it('reads daily and weekly copies that are the same files once, and records it in both', async () => {
    kit = new VerifyKit(SUNDAY);
    await kit.run({ replicas: [] });
    const localFiles = (key: ArtifactKey): string => `/none/${key}`;
    Object.assign(kit.store, { capabilities: { ...kit.store.capabilities, localFiles } });
    const read = vi.spyOn(kit.store, 'read');
    const { copies } = await kit.verify('all', {}, { stores: [kit.store] });
    expect(copies.map(({ outcome, copy }) => [outcome, copy.stored?.set.tier])).toEqual([
      ['passed', 'daily'],
      ['passed', 'weekly'],
    ]);
    const dumps = read.mock.calls.filter(([key]) => key.endsWith('.dump'));
    expect(new Set(dumps.map(([key]) => splitKey(key).tier))).toEqual(new Set(['daily']));
    const labels = kit.reported.map((event) => event.event === 'copy.finished' && event.report.copy.label);
    expect(labels.filter(Boolean)).toEqual([expect.stringMatching(/ \(daily, weekly, .*\)$/)]);
    for (const set of await kit.sets()) expect(set.checks.content?.outcome).toBe('passed');
  });

  it.each(KINDS)('finds a flipped bit anywhere in the %s, and names it', async (kind) => {
    const key = kit.keyOf(kind);
    const whole = kit.store.artifacts.get(key)!;
    const manifest = kit.store.artifacts.get(kit.keyOf('manifest'))!;
    for (let byte = 0; byte < whole.length; byte += 1) {
      const flipped = Buffer.from(whole);
      flipped[byte]! ^= 1 << (byte % 8);
      kit.store.artifacts.set(kit.keyOf('manifest'), manifest);
      kit.store.artifacts.set(key, flipped);
      const { copies } = await kit.verify('latest');
      const reported = copies.flatMap(problemsOf).join('; ');
      expect(
        copies.map(({ outcome }) => outcome),
        `byte ${byte}: ${flipped.toString()}`,
      ).toContain('failed');
      expect(reported, `byte ${byte}`).toContain(key.slice('daily/'.length));
    }
  });

  it.each(KINDS)('finds a %s that is cut, and one that is gone', async (kind) => {
    const key = kit.keyOf(kind);
    const whole = kit.store.artifacts.get(key)!;
    for (const length of [0, 1, Math.floor(whole.length / 2), whole.length - 2]) {
      kit.store.artifacts.set(key, whole.slice(0, length));
      const [report] = (await kit.verify('20260103_020000' as never)).copies;
      expect([report!.outcome, problemsOf(report!).join()], `${length} bytes`).toEqual([
        'failed',
        expect.stringContaining(key.slice('daily/'.length)),
      ]);
    }
    kit.store.artifacts.delete(key);
    const [report] = (await kit.verify('20260103_020000' as never)).copies;
    expect([report!.outcome, problemsOf(report!).join()]).toEqual([
      'failed',
      `${key.slice('daily/'.length)} is missing`,
    ]);
  });

  it('marks what it finds bad, which then is no latest set and fills no place, and takes the mark back when all is well again', async () => {
    const key = kit.keyOf('globals');
    const whole = kit.store.artifacts.get(key)!;
    kit.damage(key);
    await kit.verify('latest');
    expect(await kit.states()).toEqual(['daily 20260103_020000 bad']);
    expect((await kit.set()).problems.join()).toContain('globals-20260103_020000.sql');
    kit.store.artifacts.set(key, whole);
    await kit.verify('latest');
    expect(await kit.states()).toEqual(['daily 20260103_020000 complete']);
  });

  it('leaves the manifest checksum of a damaged manifest broken when it marks it', async () => {
    const key = kit.keyOf('manifest');
    const text = Buffer.from(kit.store.artifacts.get(key)!)
      .toString()
      .replace('"toolVersion": "1.2.3"', '"toolVersion": "1.2.2"');
    kit.store.artifacts.set(key, Buffer.from(text));
    for (let time = 0; time < 2; time += 1)
      expect(await kit.outcomes('latest')).toEqual(['memory daily 20260103_020000 failed']);
    expect(await kit.states()).toEqual(['daily 20260103_020000 bad']);
  });

  it('finds an archive that has other members than were counted', async () => {
    kit.archiver.check = () => Promise.resolve({ members: 4 });
    const [report] = (await kit.verify('latest')).copies;
    expect(problemsOf(report!)).toEqual([
      'staging-20260103_020000.tar.gz has 4 members, its manifest says 5',
    ]);
  });

  it('compares the bytes of a dump that the programs here are too old for, and leaves open whether it is good', async () => {
    const before = (await kit.set()).checks;
    kit.clock.jumpTo(new Date('2026-02-01T00:00:00Z'));
    kit.producer.check = () => Promise.reject(new BackupError('CLIENT_TOO_OLD', 'made by a newer pg_dump'));
    const [report] = (await kit.verify('latest')).copies;
    expect([report!.outcome, problemsOf(report!), lacksOf(report!)]).toEqual([
      'inconclusive',
      [],
      ['made by a newer pg_dump'],
    ]);
    expect((await kit.set()).checks).toEqual({
      checksum: { outcome: 'passed', at: '2026-02-01T00:00:00.000Z' },
      content: before.content,
    });
    kit.damage(kit.keyOf('dump'));
    expect(await kit.outcomes('latest')).toEqual(['memory daily 20260103_020000 failed']);
  });

  it('calls a legacy dump that reads well good, and a damaged one bad', async () => {
    const [dump] = [...kit.store.artifacts].find(([key]) => key.endsWith('.dump'))!.slice(1) as [Uint8Array];
    const key: ArtifactKey = 'daily/geolens_20260105_020000.dump';
    kit.store.artifacts.set(key, dump);
    kit.clock.jumpTo(new Date('2026-02-01T00:00:00Z'));
    expect(await kit.outcomes('latest')).toEqual(['memory daily 20260105_020000 passed']);
    kit.damage(key);
    expect(await kit.outcomes('latest')).toEqual(['memory daily 20260105_020000 failed']);
  });

  it('notes once that it records nothing on a read-only volume, which is no error', async () => {
    kit.clock.jumpTo(new Date(SUNDAY)); // makes a set with two copies
    await kit.run();
    const readOnly = new FaultyStore(kit.store, ({ operation }) =>
      operation === 'put'
        ? new BackupError('STORE_UNAVAILABLE', 'it is read-only', withReason('volume-read-only'))
        : undefined,
    );
    const { copies, notes, errors } = await kit.verify('all', {}, { stores: [readOnly] });
    expect(copies.length).toBeGreaterThan(1);
    expect(new Set(copies.map(({ outcome }) => outcome))).toEqual(new Set(['passed']));
    expect([notes, errors]).toEqual([['results are not recorded: it is read-only'], []]);
  });

  it('tells of a copy that cannot be read, and goes on with the others', async () => {
    const away = new FaultyStore(kit.replica, ({ operation, key }) =>
      operation === 'read' && key?.endsWith('.dump') === true
        ? new BackupError('STORE_UNAVAILABLE', 's3 is away')
        : undefined,
    );
    const { copies } = await kit.verify('all', {}, { stores: [away, kit.store] });
    expect(copies.map(({ outcome, error }) => [outcome, error?.message])).toEqual([
      ['inconclusive', 's3 is away'],
      ['passed', undefined],
    ]);
  });

  it('tells what is damaged though another artifact cannot be read', async () => {
    kit.damage(kit.keyOf('dump'));
    const ill = new FaultyStore(kit.store, ({ operation, key }) =>
      operation === 'read' && key?.includes('staging') === true
        ? new BackupError('STORE_FAILED', 'EIO')
        : undefined,
    );
    const [report] = (await kit.verify('latest', {}, { stores: [ill] })).copies;
    expect([report!.outcome, problemsOf(report!).join(), lacksOf(report!)]).toEqual([
      'failed',
      expect.stringContaining('.dump'),
      ['it could not be read: EIO'],
    ]);
    expect(await kit.states()).toEqual(['daily 20260103_020000 bad']);
  });

  it('does not call a set good whose restore test failed, until a restore test passes', async () => {
    kit.restoreTest.answer = { problems: ['the index a is not valid'] };
    await kit.verify('latest', { restore: true });
    kit.restoreTest.answer = {};
    const [report] = (await kit.verify('latest')).copies;
    expect([report!.outcome, problemsOf(report!).join()]).toEqual([
      'failed',
      expect.stringMatching(
        /its restore test failed at .*the index a is not valid.*only another restore test/,
      ),
    ]);
    expect(await kit.outcomes('latest', { restore: true })).toEqual(['memory daily 20260103_020000 passed']);
    expect(await kit.states()).toEqual(['daily 20260103_020000 complete']);
  });

  it('calls a set gone only when all of it is', async () => {
    const signal = new AbortController().signal;
    const { copies } = await selectSets(
      [kit.store],
      { wanted: 'latest', database: 'geolens', now: kit.clock.now(), signal },
      TO_VERIFY,
    );
    kit.store.artifacts.delete(kit.keyOf('staging'));
    const { producer, archiver, restoreTest, clock, lock } = kit;
    const [report] = (
      await verify({ producer, archiver, restoreTest, clock, lock }, { copies, restore: false }, { signal })
    ).copies;
    expect([report!.outcome, report!.error?.code]).toEqual(['inconclusive', 'ARTIFACT_NOT_FOUND']);
  });

  it('calls a set that retention removes meanwhile gone, not bad', async () => {
    const signal = new AbortController().signal;
    const selected = await selectSets(
      [kit.store],
      { wanted: 'latest', database: 'geolens', now: kit.clock.now(), signal },
      TO_VERIFY,
    );
    kit.store.artifacts.clear();
    // A bucket may list thousands of sets that it does not have.
    kit.store.list = () => {
      throw new Error('listed again');
    };
    const { producer, archiver, restoreTest, clock, lock } = kit;
    const { copies, errors } = await verify(
      { producer, archiver, restoreTest, clock, lock },
      { copies: selected.copies, restore: false },
      { signal },
    );
    expect([copies.map(({ outcome }) => outcome), errors]).toEqual([['skipped'], []]);
  });

  it('whose result cannot be written down is told so, and is no less true', async () => {
    kit.clock.jumpTo(new Date('2026-02-01T00:00:00Z'));
    const readOnly = new FaultyStore(kit.store, ({ operation }) =>
      operation === 'put' ? new BackupError('STORE_FORBIDDEN', 'read-only') : undefined,
    );
    const { copies, errors } = await kit.verify('latest', {}, { stores: [readOnly] });
    expect([copies[0]!.outcome, errors.map(({ message }) => message)]).toEqual(['passed', ['read-only']]);
  });

  it('waits with its result for a run that goes on, and says so', async () => {
    const free = Promise.withResolvers<undefined>();
    const asked: (string | undefined)[] = [];
    const signal = new AbortController().signal;
    const held: Lock = {
      acquire: async (holder, options) => {
        asked.push(options?.whenHeld);
        if (options?.whenHeld !== 'wait') throw new BackupError('LOCK_HELD', 'a run is working');
        await free.promise;
        return noLock.acquire(holder, options);
      },
    };
    const { producer, archiver, restoreTest, clock } = kit;
    const { copies } = await selectSets(
      [kit.store],
      { wanted: 'latest', database: 'geolens', now: kit.clock.now(), signal },
      TO_VERIFY,
    );
    const steps: string[] = [];
    const done = verify(
      { producer, archiver, restoreTest, clock, lock: held },
      { copies, restore: false },
      {
        signal,
        observer: (event) => {
          if (event.event === 'step') steps.push(event.step);
          if (event.event === 'step' && event.step === 'lock') free.resolve(undefined);
        },
      },
    );
    expect((await done).copies.map(({ outcome }) => outcome)).toEqual(['passed']);
    expect([asked, steps]).toEqual([
      [undefined, 'wait'],
      ['read', 'lock'],
    ]);
  });

  it('reads no faster than it may', async () => {
    const began = kit.clock.now().getTime();
    kit.archiver.content = 'x'.repeat(20 * 1024 * 1024);
    kit.clock.jumpTo(new Date('2026-01-05T02:00:00Z'));
    await kit.run();
    const verification = kit.verify('latest', { bytesPerSecond: 1024 * 1024 });
    await kit.clock.advance(21_000);
    await verification;
    expect(kit.clock.now().getTime() - began).toBeGreaterThan(15_000);
  });
});

it('a verification that is slowed down gives no program a file to read by itself, as fast as it can', async () => {
  const given: (string | undefined)[] = [];
  const check = kit.archiver.check.bind(kit.archiver);
  kit.archiver.check = (archive) => {
    given.push(archive.path);
    return check(archive);
  };
  kit.clock.jumpTo(new Date('2026-01-05T02:00:00Z'));
  await kit.run();
  given.length = 0;
  const files = new (class extends FaultyStore {
    override get capabilities(): StoreCapabilities {
      return { localFiles: (key) => `/sets/${key}`, serverSideCopy: true };
    }
  })(kit.store, () => undefined);
  for (const bytesPerSecond of [undefined, 1e9])
    await kit.verify('latest', { bytesPerSecond }, { stores: [files] });
  expect(given).toEqual([expect.stringContaining('/sets/daily/staging-'), undefined]);
});

it('a verification that is slowed down does not stand still when the clock is set back', async () => {
  kit.archiver.content = 'x'.repeat(20 * 1024 * 1024);
  kit.clock.jumpTo(new Date('2026-01-05T02:00:00Z'));
  await kit.run();
  const jumping = new FaultyStore(kit.store, () => undefined);
  const read = jumping.read.bind(jumping);
  jumping.read = async function* (...args: Parameters<typeof read>) {
    for await (const chunk of read(...args)) {
      if (args[0].includes('staging')) kit.clock.jumpTo(new Date('2026-01-04T02:00:00Z'));
      yield chunk;
    }
  };
  const verification = kit.verify('latest', { bytesPerSecond: 1024 * 1024 }, { stores: [jumping] });
  await expect.poll(() => kit.clock.now().toISOString()).toBe('2026-01-04T02:00:00.000Z');
  await kit.clock.advance(45_000);
  expect((await verification).copies.map(({ outcome }) => outcome)).toEqual(['passed']);
});

describe('the copies that are verified', () => {
  it('are those of all tiers in the first store that has the set', async () => {
    kit.clock.jumpTo(new Date(SUNDAY));
    await kit.run({ replicas: [kit.replica] });
    expect(await kit.outcomes('latest')).toEqual([
      'memory daily 20260104_020000 passed',
      'memory weekly 20260104_020000 passed',
    ]);
    expect(await kit.outcomes('20260103_020000' as never)).toEqual(['memory daily 20260103_020000 passed']);
    expect(await kit.outcomes('all')).toHaveLength(6);
    kit.store.artifacts.clear();
    expect(await kit.outcomes('latest')).toEqual([
      's3 daily 20260104_020000 passed',
      's3 weekly 20260104_020000 passed',
    ]);
  });

  it('are damaged ones too that are younger than the newest whole one: to pass over them would be to call them good', async () => {
    kit.clock.jumpTo(new Date(SUNDAY));
    await kit.run();
    kit.store.artifacts.set(kit.keyOf('manifest'), Buffer.from('{'));
    kit.store.artifacts.set('daily/geolens_20260105_020000.dump', Buffer.from('x'));
    kit.store.artifacts.set('daily/globals-20260105_020000.sql', Buffer.from('x'));
    kit.clock.jumpTo(new Date('2026-02-01T00:00:00Z'));
    const { copies, notes } = await kit.verify('latest');
    expect(
      copies.map(({ copy, outcome }) => `${copy.stored!.set.tier} ${copy.stored!.set.timestamp} ${outcome}`),
    ).toEqual(['daily 20260104_020000 failed', 'weekly 20260104_020000 passed']);
    expect(notes.join()).toMatch(/20260105_020000.*never finished/);
    const all = await kit.verify('all');
    expect([all.copies.map(({ copy }) => copy.timestamp), all.notes.join()]).toEqual([
      expect.not.arrayContaining(['20260105_020000']),
      expect.stringContaining('never finished'),
    ]);
  });

  it('are none from the future: the clock was wrong when they were made', async () => {
    const [dump] = [...kit.store.artifacts].find(([key]) => key.endsWith('.dump'))!.slice(1) as [Uint8Array];
    kit.store.artifacts.set('daily/geolens_20990101_020000.dump', dump);
    const { copies, notes } = await kit.verify('latest');
    expect([copies.map(({ copy }) => copy.timestamp), notes.join()]).toEqual([
      ['20260103_020000'],
      expect.stringContaining('20990101_020000'),
    ]);
  });

  it('are none of another database', async () => {
    kit.store.artifacts.set('daily/other_20260106_020000.dump', Buffer.from('x'));
    expect(await kit.outcomes('all')).toEqual([
      'memory daily 20260103_020000 passed',
      's3 daily 20260103_020000 passed',
    ]);
    expect((await kit.verify('all')).notes).toEqual([
      expect.stringContaining('There are sets of "other" too'),
    ]);
    expect((await kit.verify('latest')).notes).toEqual([]);
    await expect(kit.verify('20260106_020000' as never)).rejects.toMatchObject({
      code: 'SET_NOT_FOUND',
      details: { reason: 'other-databases', databases: ['other'] },
      hint: 'Choose one of the databases that have sets',
    });
  });

  it('are asked for in vain when there are none, which says where', async () => {
    await expect(kit.verify('20200101_000000' as never)).rejects.toMatchObject({
      code: 'SET_NOT_FOUND',
      message: expect.stringContaining('memory and s3') as string,
    });
  });

  it('are looked for in the other stores when one is away, which is told', async () => {
    const away = new FaultyStore(kit.store, () => new BackupError('STORE_UNAVAILABLE', 'the disk is away'));
    const { copies, errors } = await kit.verify('latest', {}, { stores: [away, kit.replica] });
    expect([copies.map(({ outcome }) => outcome), errors.map(({ message }) => message)]).toEqual([
      ['passed'],
      ['the disk is away'],
    ]);
    await expect(kit.verify('latest', {}, { stores: [away] })).rejects.toThrow('the disk is away');
  });
});
