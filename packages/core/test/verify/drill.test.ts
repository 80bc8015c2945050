import { beforeEach, describe, expect, it } from 'vitest';
import {
  BackupError,
  lacksOf,
  problemsOf,
  type ArchiveCheckOptions,
  type ArtifactSource,
} from '../../src/index.ts';
import { FaultyStore } from '../../src/testing/index.ts';
import { NOTHING_OPEN, SATURDAY, SUNDAY } from '../support/run-kit.ts';
import { VerifyKit } from '../support/verify-kit.ts';

let kit: VerifyKit;
beforeEach(async () => {
  kit = new VerifyKit(SUNDAY);
  await kit.run({ replicas: [kit.replica] });
});

describe('a drill', () => {
  it('proves a set whose restored rows are those of the manifest, and writes that down', async () => {
    const { copies } = await kit.verify('latest', { restore: true });
    expect(copies.map(({ verdict, drill }) => [verdict, drill?.verdict])).toEqual([
      ['good', 'proven'],
      ['good', 'proven'],
    ]);
    expect(copies[0]!.drill!.facts).toEqual(['3 rows in 1 table, as many as in the dump']);
    for (const { manifest } of await kit.sets())
      expect(manifest!.checks.restored).toEqual({ ok: true, at: SUNDAY.replace('Z', '.000Z') });
    expect(kit.drill.openGrounds).toBe(0);
  });

  it('is made once for a dump that stands in two tiers, and proves only copies that have its bytes', async () => {
    kit.damage(kit.keyOf('dump', { tier: 'weekly' }));
    const { copies } = await kit.verify('latest', { restore: true });
    expect(copies.map(({ verdict, drill }) => [verdict, drill?.verdict])).toEqual([
      ['good', 'proven'],
      ['bad', undefined],
    ]);
    expect(kit.drill.rehearsals).toBe(1);
  });

  it('finds a row that a forged dump lacks, by the counts', async () => {
    kit.drill.answer = { rows: [{ schema: 'catalog', table: 'datasets', rows: 2 }] };
    const [report] = (await kit.verify('latest', { restore: true })).copies;
    expect([report!.verdict, problemsOf(report!)]).toEqual([
      'bad',
      ['catalog.datasets has 2 rows, 3 were backed up'],
    ]);
    expect((await kit.states())[0]).toBe('daily 20260104_020000 bad');
  });

  it.each([
    [{ outcome: 'failed' as const, problem: 'COPY failed' }, 'COPY failed'],
    [{ problems: ['the index datasets_pkey is not valid'] }, 'the index datasets_pkey is not valid'],
  ])('disproves a dump that %j', async (answer, problem) => {
    kit.drill.answer = answer;
    const [report] = (await kit.verify('latest', { restore: true })).copies;
    expect([report!.verdict, problemsOf(report!)]).toEqual(['bad', [problem]]);
  });

  it('that is not possible here is neither a success nor a failure, and changes no mark of before', async () => {
    await kit.verify('latest', { restore: true });
    const before = (await kit.set()).manifest!.checks.restored;
    kit.clock.jumpTo(new Date('2026-02-01T00:00:00Z'));
    kit.drill.unprovable = ['the extension postgis is not installed'];
    const noPlace = (await kit.verify('latest', { restore: true })).copies[0]!;
    expect([noPlace.verdict, noPlace.drill!.reasons, problemsOf(noPlace)]).toEqual([
      'unproven',
      kit.drill.unprovable,
      [],
    ]);
    kit.drill.unprovable = [];
    kit.drill.answer = { outcome: 'unprovable', reasons: ['no room'] };
    expect((await kit.verify('latest', { restore: true })).copies[0]!.verdict).toBe('unproven');
    expect((await kit.set()).manifest!.checks).toMatchObject({
      restored: before,
      readable: { ok: true, at: '2026-02-01T00:00:00.000Z' },
    });
  });

  it('fetches what lies elsewhere once, and reads what arrived', async () => {
    const counting = new FaultyStore(kit.replica, () => undefined);
    const { copies } = await kit.verify(
      '20260104_020000' as never,
      { restore: true },
      { stores: [counting] },
    );
    expect(copies.map(({ verdict }) => verdict)).toEqual(['good', 'good']);
    expect(kit.drill.kept).toEqual(['geolens_20260104_020000.dump']);
    expect(kit.drill.needs).toEqual([
      {
        databaseBytes: 8_000_000,
        dumpBytes: expect.any(Number) as number,
        keptBytes: kit.drill.needs[0]!.dumpBytes,
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
    expect(kit.drill.rehearsals).toBe(1); // of the copy in weekly
  });

  it.each(['manifest', 'globals', 'staging'] as const)(
    'says nothing of the other copies of its dump when the %s beside it is damaged',
    async (kind) => {
      const key = kit.keyOf(kind);
      const text = Buffer.from(kit.store.artifacts.get(key)!).toString();
      if (kind === 'manifest')
        kit.store.artifacts.set(key, Buffer.from(text.replace('"rows": 3', '"rows": 2')));
      else kit.damage(key);
      kit.drill.answer = { files: ['maps/one.tif'] };
      kit.archiver.check = (_?: ArtifactSource, { onMember }: Partial<ArchiveCheckOptions> = {}) => {
        for (const member of ['./', './maps/', './maps/one.tif', './a', './b']) onMember?.(member);
        return Promise.resolve({ members: 5 });
      };
      const verdicts = await kit.verdicts('all', { restore: true });
      expect(verdicts).toEqual([
        'memory daily 20260104_020000 bad',
        'memory weekly 20260104_020000 good',
        's3 daily 20260104_020000 good',
        's3 weekly 20260104_020000 good',
      ]);
      expect((await kit.set()).manifest!.checks.restored?.ok).toBe(kind === 'staging' ? true : undefined);
    },
  );

  it('looks for the files that rows name in the archive', async () => {
    kit.archiver.check = (_?: ArtifactSource, { onMember }: Partial<ArchiveCheckOptions> = {}) => {
      for (const member of ['./', './maps/', './maps/one.tif', './a\nb']) onMember?.(member);
      return Promise.resolve({ members: 5 });
    };
    kit.drill.answer = { files: ['maps/one.tif', '/maps/one.tif', 'a\nb'] };
    const [good] = (await kit.verify('latest', { restore: true })).copies;
    expect(good!.drill!.facts).toContain('all 2 files that rows name are in the archive');
    kit.drill.answer = { files: ['maps/one.tif', 'maps/two.tif'] };
    const [open] = (await kit.verify('latest', { restore: true })).copies;
    expect([open!.verdict, problemsOf(open!), lacksOf(open!)]).toEqual([
      'unproven',
      [],
      [
        'rows name files that the archive lacks: maps/two.tif. They are lost, or were removed while the archive was made',
      ],
    ]);
    expect((await kit.set()).state).toBe('complete');
  });

  it('that is stopped leaves nothing open, and no mark', async () => {
    const stop = new AbortController();
    const before = (await kit.set()).manifest;
    kit.drill.open = (
      (open) =>
      (...args: Parameters<typeof open>) => {
        stop.abort();
        return open.apply(kit.drill, args);
      }
    )(kit.drill.open.bind(kit.drill));
    await expect(kit.verify('latest', { restore: true }, { signal: stop.signal })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect(kit.drill.openGrounds).toBe(0);
    expect((await kit.set()).manifest).toEqual(before);
  });
});

describe('a run whose set has to be restored to be believed', () => {
  const proving = { verify: 'restore' as const };

  it('notes that it was', async () => {
    const fresh = new VerifyKit(SATURDAY);
    const report = await fresh.run({ drill: fresh.drill }, proving);
    expect(report).toMatchObject({
      outcome: 'complete',
      drill: { verdict: 'proven' },
      manifest: { checks: { restored: { ok: true } } },
    });
    expect((await fresh.set()).manifest).toEqual(report.manifest);
    expect(fresh.open).toEqual(NOTHING_OPEN);
  });

  it('fails when it was not what was backed up: the set is kept as bad, goes nowhere, and nothing is pruned', async () => {
    const fresh = new VerifyKit(SATURDAY);
    fresh.keep = { daily: 1, weekly: 1 };
    await fresh.run({ replicas: [fresh.replica] });
    fresh.drill.answer = { rows: [] };
    fresh.clock.jumpTo(new Date(SUNDAY));
    const report = await fresh.run({ drill: fresh.drill, replicas: [fresh.replica] }, proving);
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
    fresh.drill.answer = { rows: [] };
    fresh.clock.jumpTo(new Date('2026-01-11T02:00:00Z'));
    const report = await fresh.run(
      {
        drill: fresh.drill,
        replicas: [fresh.replica],
        fault: ({ operation }) => (operation === 'put' || operation === 'copy' ? full : undefined),
      },
      proving,
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
    fresh.drill.unprovable = ['there is no room'];
    const report = await fresh.run({ drill: fresh.drill }, proving);
    expect([report.outcome, report.warnings]).toEqual([
      'complete',
      ['the set cannot be proven here: there is no room'],
    ]);
  });

  it('is refused where there is no drill', async () => {
    await expect(new VerifyKit(SATURDAY).run({}, proving)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('is partial when the drill itself breaks, and has its set', async () => {
    const fresh = new VerifyKit(SATURDAY);
    fresh.drill.open = () => Promise.reject(new BackupError('PROGRAM_NOT_STARTED', 'no memory'));
    const report = await fresh.run({ drill: fresh.drill }, proving);
    expect([report.outcome, await fresh.states()]).toEqual(['partial', ['daily 20260103_020000 complete']]);
  });
});
