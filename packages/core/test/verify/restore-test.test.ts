import { beforeEach, describe, expect, it } from 'vitest';
import { BackupError, type ArchiveCheckOptions, type ArtifactContent } from '../../src/index.ts';
import { lacksOf, problemsOf } from '../../src/internal.ts';
import { FaultyStore } from '../../src/testing/index.ts';
import { NOTHING_OPEN, SATURDAY, SUNDAY } from '../support/run-kit.ts';
import { VerifyKit } from '../support/verify-kit.ts';

let kit: VerifyKit;
beforeEach(async () => {
  kit = new VerifyKit(SUNDAY);
  await kit.run({ replicas: [kit.replica] });
});

describe('a restore test', () => {
  it('proves a set whose restored rows are those of the manifest, and writes that down', async () => {
    const { copies } = await kit.verify('latest', { restore: true });
    expect(copies.map(({ outcome, restoreTest }) => [outcome, restoreTest?.outcome])).toEqual([
      ['passed', 'passed'],
      ['passed', 'passed'],
    ]);
    expect(copies[0]!.restoreTest!.facts).toEqual(['3 rows in 1 table, as many as in the dump']);
    for (const { checks } of await kit.sets())
      expect(checks.restoreTest).toEqual({ outcome: 'passed', at: SUNDAY.replace('Z', '.000Z') });
    expect(kit.restoreTest.openEnvironments).toBe(0);
  });

  it('is made once for a dump that stands in two tiers, and proves only copies that have its bytes', async () => {
    kit.damage(kit.keyOf('dump', { tier: 'weekly' }));
    const { copies } = await kit.verify('latest', { restore: true });
    expect(copies.map(({ outcome, restoreTest }) => [outcome, restoreTest?.outcome])).toEqual([
      ['passed', 'passed'],
      ['failed', undefined],
    ]);
    expect(kit.restoreTest.testResults).toBe(1);
  });

  it('finds a row that a forged dump lacks, by the counts', async () => {
    kit.restoreTest.answer = { rows: [{ schema: 'catalog', table: 'datasets', rows: 2 }] };
    const [report] = (await kit.verify('latest', { restore: true })).copies;
    expect([report!.outcome, problemsOf(report!)]).toEqual([
      'failed',
      ['catalog.datasets has 2 rows, 3 were backed up'],
    ]);
    expect((await kit.states())[0]).toBe('daily 20260104_020000 bad');
  });

  it.each([
    [
      { outcome: 'failed' as const, problems: ['COPY failed', 'a view failed'] },
      'COPY failed',
      'a view failed',
    ],
    [{ problems: ['the index datasets_pkey is not valid'] }, 'the index datasets_pkey is not valid'],
  ])('that has %j is failed, and leaves the set complete', async (answer, ...problems) => {
    kit.restoreTest.answer = answer;
    const [report] = (await kit.verify('latest', { restore: true })).copies;
    expect([report!.outcome, problemsOf(report!)]).toEqual(['failed', problems]);
    expect((await kit.states())[0]).toBe('daily 20260104_020000 complete');
  });

  it('finds large objects that the restored database lacks, which makes the set bad', async () => {
    kit.restoreTest.answer = { missing: ['1 large object of 2 are not there: 4711'], problems: ['an index'] };
    const [report] = (await kit.verify('latest', { restore: true })).copies;
    expect([report!.outcome, problemsOf(report!)]).toEqual([
      'failed',
      ['1 large object of 2 are not there: 4711', 'an index'],
    ]);
    expect((await kit.states())[0]).toBe('daily 20260104_020000 bad');
  });

  it.each([
    ['that hold is passed', { assertionsHeld: 2 }, 'passed', [], ['2 assertions held']],
    [
      'without answer is inconclusive',
      { assertionsHeld: 1, unanswered: ['a'] },
      'inconclusive',
      ['a'],
      ['1 assertion held'],
    ],
    [
      'that fail is failed',
      { assertionsHeld: 0, problems: ['p'], unanswered: ['a'] },
      'failed',
      ['p', 'a'],
      [],
    ],
  ] as const)(
    'with assertions %s, and its report has how many held',
    async (_, answer, outcome, reasons, facts) => {
      kit.restoreTest.answer = answer;
      const { restoreTest } = (await kit.verify('latest', { restore: true })).copies[0]!;
      expect(restoreTest).toMatchObject({ outcome, reasons, assertionsHeld: answer.assertionsHeld });
      expect(restoreTest!.facts.filter((fact) => !fact.includes('row'))).toEqual(facts);
      expect((await kit.states())[0]).toBe('daily 20260104_020000 complete');
    },
  );

  it('that is not possible here is neither a success nor a failure, and changes no mark of before', async () => {
    await kit.verify('latest', { restore: true });
    const before = (await kit.set()).checks.restoreTest;
    kit.clock.jumpTo(new Date('2026-02-01T00:00:00Z'));
    kit.restoreTest.inconclusive = ['the extension postgis is not installed'];
    const noPlace = (await kit.verify('latest', { restore: true })).copies[0]!;
    expect([noPlace.outcome, noPlace.restoreTest!.reasons, problemsOf(noPlace)]).toEqual([
      'inconclusive',
      kit.restoreTest.inconclusive,
      [],
    ]);
    kit.restoreTest.inconclusive = [];
    kit.restoreTest.answer = { outcome: 'inconclusive', reasons: ['no disk space'] };
    expect((await kit.verify('latest', { restore: true })).copies[0]!.outcome).toBe('inconclusive');
    expect((await kit.set()).checks).toMatchObject({
      restoreTest: before,
      content: { outcome: 'passed', at: '2026-02-01T00:00:00.000Z' },
    });
  });

  it('fetches what lies elsewhere once, and reads what arrived', async () => {
    const counting = new FaultyStore(kit.replica, () => undefined);
    const { copies } = await kit.verify(
      '20260104_020000' as never,
      { restore: true },
      { stores: [counting] },
    );
    expect(copies.map(({ outcome }) => outcome)).toEqual(['passed', 'passed']);
    expect(kit.restoreTest.kept).toEqual(['geolens_20260104_020000.dump']);
    expect(kit.restoreTest.needs).toEqual([
      {
        databaseBytes: 8_000_000,
        dumpBytes: expect.any(Number) as number,
        keptBytes: kit.restoreTest.needs[0]!.dumpBytes,
      },
    ]);
    expect(
      counting.calls.filter(
        ({ operation, key }) => operation === 'read' && key === 'daily/geolens_20260104_020000.dump',
      ),
    ).toHaveLength(1);
  });

  it('is not made of a dump that is damaged', async () => {
    kit.damage(kit.keyOf('dump'));
    await kit.verify('20260104_020000' as never, { restore: true });
    expect(kit.restoreTest.testResults).toBe(1); // of the copy in weekly
  });

  it.each(['manifest', 'globals', 'staging'] as const)(
    'says nothing of the other copies of its dump when the %s beside it is damaged',
    async (kind) => {
      const key = kit.keyOf(kind);
      const text = Buffer.from(kit.store.artifacts.get(key)!).toString();
      if (kind === 'manifest')
        kit.store.artifacts.set(key, Buffer.from(text.replace('"rows": 3', '"rows": 2')));
      else kit.damage(key);
      kit.restoreTest.answer = { files: ['maps/one.tif'] };
      kit.archiver.check = (_?: ArtifactContent, { onMember }: Partial<ArchiveCheckOptions> = {}) => {
        for (const member of ['./', './maps/', './maps/one.tif', './a', './b']) onMember?.(member);
        return Promise.resolve({ members: 5 });
      };
      const verdicts = await kit.outcomes('all', { restore: true });
      expect(verdicts).toEqual([
        'memory daily 20260104_020000 failed',
        'memory weekly 20260104_020000 passed',
        's3 daily 20260104_020000 passed',
        's3 weekly 20260104_020000 passed',
      ]);
      expect((await kit.set()).checks.restoreTest?.outcome).toBe(kind === 'staging' ? 'passed' : undefined);
    },
  );

  it('looks for the files that rows name in the archive', async () => {
    kit.archiver.check = (_?: ArtifactContent, { onMember }: Partial<ArchiveCheckOptions> = {}) => {
      for (const member of ['./', './maps/', './maps/one.tif', './a\nb']) onMember?.(member);
      return Promise.resolve({ members: 5 });
    };
    kit.restoreTest.answer = { files: ['maps/one.tif', '/maps/one.tif', 'a\nb'] };
    const [good] = (await kit.verify('latest', { restore: true })).copies;
    expect(good!.restoreTest!.facts).toContain('all 2 files that rows name are in the archive');
    kit.restoreTest.answer = { files: ['maps/one.tif', 'maps/two.tif'] };
    const [open] = (await kit.verify('latest', { restore: true })).copies;
    expect([open!.outcome, problemsOf(open!), lacksOf(open!)]).toEqual([
      'inconclusive',
      [],
      [
        'rows name files that the archive lacks: maps/two.tif. They are lost, or were removed while the archive was made',
      ],
    ]);
    expect((await kit.set()).state).toBe('complete');
  });

  it('that is stopped leaves nothing open, and no mark', async () => {
    const stop = new AbortController();
    const before = await kit.set();
    kit.restoreTest.open = (
      (open) =>
      (...args: Parameters<typeof open>) => {
        stop.abort();
        return open.apply(kit.restoreTest, args);
      }
    )(kit.restoreTest.open.bind(kit.restoreTest));
    await expect(kit.verify('latest', { restore: true }, { signal: stop.signal })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect(kit.restoreTest.openEnvironments).toBe(0);
    expect(await kit.set()).toEqual(before);
  });
});

describe('a run whose set has to be restored to be believed', () => {
  const testing = { verify: 'restore' as const };

  it('notes that it was', async () => {
    const fresh = new VerifyKit(SATURDAY);
    const report = await fresh.run({ restoreTest: fresh.restoreTest }, testing);
    expect(report).toMatchObject({
      outcome: 'succeeded',
      restoreTest: { outcome: 'passed' },
      checks: { restoreTest: { outcome: 'passed' } },
    });
    expect(await fresh.set()).toMatchObject({ manifest: report.manifest, checks: report.checks });
    expect(fresh.open).toEqual(NOTHING_OPEN);
  });

  it('fails when it was not what was backed up: the set is kept as bad, goes nowhere, and nothing is pruned', async () => {
    const fresh = new VerifyKit(SATURDAY);
    fresh.keep = { daily: 1, weekly: 1 };
    await fresh.run({ replicas: [fresh.replica] });
    fresh.restoreTest.answer = { rows: [] };
    fresh.clock.jumpTo(new Date(SUNDAY));
    const report = await fresh.run({ restoreTest: fresh.restoreTest, replicas: [fresh.replica] }, testing);
    expect(report.outcome).toBe('failed');
    expect(report.errors.map(({ code }) => code)).toEqual(['ARTIFACT_UNREADABLE']);
    expect(report.errors[0]!.message).toContain('catalog.datasets is not there (3 rows were backed up)');
    expect(await fresh.states()).toEqual(['daily 20260104_020000 bad', 'daily 20260103_020000 complete']);
    expect(await fresh.states(fresh.replica)).toEqual(['daily 20260103_020000 complete']);
  });

  it('fails also when the set cannot be marked, and tells first why it failed', async () => {
    const fresh = new VerifyKit(SUNDAY);
    fresh.keep = { daily: 1, weekly: 1 };
    const full = new BackupError('STORE_FULL', 'no space left');
    await fresh.run({
      replicas: [fresh.replica],
      fault: ({ operation }) => (operation === 'copy' ? full : undefined),
    });
    fresh.restoreTest.answer = { rows: [] };
    fresh.clock.jumpTo(new Date('2026-01-11T02:00:00Z'));
    const report = await fresh.run(
      {
        restoreTest: fresh.restoreTest,
        replicas: [fresh.replica],
        fault: ({ operation }) => (operation === 'put' || operation === 'copy' ? full : undefined),
      },
      testing,
    );
    expect([report.outcome, report.errors.map(({ code }) => code)]).toEqual([
      'failed',
      ['ARTIFACT_UNREADABLE', 'STORE_FULL'],
    ]);
    expect(await fresh.states()).toEqual([
      'daily 20260111_020000 complete',
      'daily 20260104_020000 complete',
    ]);
    expect(await fresh.states(fresh.replica)).toEqual(['daily 20260104_020000 complete']);
  });

  it('warns when this machine cannot do it', async () => {
    const fresh = new VerifyKit(SATURDAY);
    fresh.restoreTest.inconclusive = ['no disk space'];
    const report = await fresh.run({ restoreTest: fresh.restoreTest }, testing);
    expect([report.outcome, report.warnings]).toEqual([
      'succeeded',
      ['the restore test is inconclusive: no disk space'],
    ]);
  });

  it('is refused where there is no restore test', async () => {
    await expect(new VerifyKit(SATURDAY).run({}, testing)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('is partial when the restore test itself breaks, and has its set', async () => {
    const fresh = new VerifyKit(SATURDAY);
    fresh.restoreTest.open = () => Promise.reject(new BackupError('PROGRAM_NOT_STARTED', 'no memory'));
    const report = await fresh.run({ restoreTest: fresh.restoreTest }, testing);
    expect([report.outcome, await fresh.states()]).toEqual([
      'with-errors',
      ['daily 20260103_020000 complete'],
    ]);
  });
});
