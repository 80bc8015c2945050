import { describe, expect, it } from 'vitest';
import { BackupError, type Lock } from '../../src/index.ts';
import { FaultyStore, MemoryStore, type StoreCall } from '../../src/testing/index.ts';
import { DAY, NOTHING_OPEN, RunKit, SATURDAY, SUNDAY } from '../support/run-kit.ts';

const failure = new BackupError('STORE_FAILED', 'stuck');

describe('a run', () => {
  it('rejects with LOCK_HELD before it does anything else', async () => {
    const kit = new RunKit();
    const held = new BackupError('LOCK_HELD', 'a restore is working');
    const asked: unknown[] = [];
    const lock: Lock = {
      acquire: (holder, options) => {
        asked.push([holder.command, options?.whenHeld]);
        return Promise.reject(held);
      },
    };
    await expect(kit.run({ lock }, { whenLockHeld: 'wait' })).rejects.toBe(held);
    expect(asked).toEqual([['run', 'wait']]);
    expect([kit.calls, kit.events, kit.journal.state]).toEqual([[], [], {}]);
    expect(kit.open).toEqual(NOTHING_OPEN);
  });

  it('makes sets of a database alone, without a word about files, where nobody archives any', async () => {
    const report = await new RunKit().run({ archiver: undefined });
    expect([report.outcome, report.warnings]).toEqual(['succeeded', []]);
    expect(report.manifest!.artifacts.map(({ kind }) => kind)).toEqual(['dump', 'globals']);
  });

  it('needs no journal', async () => {
    const kit = new RunKit();
    expect(await kit.run({ journal: undefined })).toMatchObject({ outcome: 'succeeded', warnings: [] });
    expect(kit.journal.state).toEqual({});
  });

  it('gives the lock back after it wrote its end down, whatever that was', async () => {
    for (const outcome of ['succeeded', 'failed']) {
      const kit = new RunKit();
      const released: unknown[] = [];
      const lock: Lock = {
        acquire: () =>
          Promise.resolve({
            lost: new AbortController().signal,
            release: () => Promise.resolve(void released.push(kit.journal.state.lastRun?.outcome)),
          }),
      };
      await kit.run({
        lock,
        fault: ({ operation }) => (operation === 'commit' && outcome === 'failed' ? failure : undefined),
      });
      expect(released).toEqual([outcome]);
    }
  });

  it.each(['write', 'copy', 'remove'])(
    'stops when its lock is lost in the middle of a %s, and takes nothing back that is good',
    async (during) => {
      const kit = new RunKit(SUNDAY);
      await kit.runDaily(1);
      for (const day of ['05', '06', '07'])
        kit.store.artifacts.set(`daily/geolens_202512${day}_020000.dump`, new Uint8Array(1));
      kit.clock.jumpTo('2026-01-11T02:00:00Z');
      kit.keep = { daily: 1, weekly: 1 };
      const loss = new AbortController();
      const lost = new BackupError('LOCK_LOST', 'flock was killed');
      const lock: Lock = {
        acquire: () => Promise.resolve({ lost: loss.signal, release: () => Promise.resolve() }),
      };
      const fault = ({ operation }: StoreCall): undefined => {
        if (operation === during) loss.abort(lost);
      };
      const report = await kit.run({ lock, fault });
      expect(report).toMatchObject({
        outcome: during === 'write' ? 'failed' : 'with-errors',
        errors: [lost],
      });
      expect(report.removed.length).toBe(during === 'remove' ? 1 : 0);
      expect(kit.open).toEqual(NOTHING_OPEN);
    },
  );

  it.each([1, 2])(
    'begins once more, and not twice, when somebody comes %i times between its snapshot and the dump',
    async (times) => {
      const kit = new RunKit();
      await kit.runDaily(1);
      const snapshot = kit.producer.snapshot.bind(kit.producer);
      let taken = 0;
      kit.producer.snapshot = (options) => {
        taken += 1;
        kit.producer.failure =
          taken <= times ? new BackupError('TABLES_BUSY', 'a table is locked') : undefined;
        return snapshot(options);
      };
      const report = await kit.run();
      expect([report.outcome, taken]).toEqual([times === 1 ? 'succeeded' : 'failed', 2]);
      expect(report.warnings).toEqual(['the dump was begun once more: a table is locked']);
      expect(kit.open).toEqual(NOTHING_OPEN);
    },
  );

  it('does not begin once more when it has waited for a table in vain before its snapshot', async () => {
    const kit = new RunKit();
    let asked = 0;
    kit.producer.snapshot = () => {
      asked += 1;
      return Promise.reject(new BackupError('TABLES_BUSY', 'a table is locked'));
    };
    expect(await kit.run()).toMatchObject({ outcome: 'failed', errors: [{ code: 'TABLES_BUSY' }] });
    expect(asked).toBe(1);
  });

  it('is partial, with its set, when the disk does not confirm that it keeps it', async () => {
    const kit = new RunKit();
    const publish = kit.store.publish.bind(kit.store);
    const unconfirmed = new BackupError('NOT_CONFIRMED', 'EIO');
    kit.store.publish = async (drafts) => {
      await publish(drafts);
      throw unconfirmed;
    };
    expect(await kit.run()).toMatchObject({ outcome: 'with-errors', errors: [unconfirmed] });
    expect(await kit.overview()).toEqual(['daily 20260103_020000 complete']);
    expect(kit.open).toEqual(NOTHING_OPEN);
  });

  it('takes secrets out of its warnings, also out of those that the manifest keeps', async () => {
    const kit = new RunKit();
    const replica = new FaultyStore(
      new MemoryStore(),
      () => new BackupError('STORE_FORBIDDEN', 'the key sesame is wrong'),
    );
    const report = await kit.run(
      { replicas: [replica] },
      { redact: (text) => text.replaceAll('sesame', '…') },
    );
    expect(report.warnings.join()).toContain('the key … is wrong');
    expect(report.manifest!.warnings.join()).toContain('the key … is wrong');
    expect(JSON.stringify([kit.events, [...kit.store.artifacts.values()].map(String)])).not.toContain(
      'sesame',
    );
  });

  it('takes the next second when a set of this one is there, in any tier and of any database', async () => {
    const kit = new RunKit();
    kit.store.artifacts.set('daily/other_20260103_020000.dump', new Uint8Array(1));
    kit.store.artifacts.set('weekly/staging-20260103_020001.tar.gz', new Uint8Array(1));
    const running = kit.run();
    await kit.clock.advance(5000);
    expect(await running).toMatchObject({ outcome: 'succeeded', timestamp: '20260103_020002' });
  });

  it('fails, and does not wait for ever, when the clock stands still between two runs', async () => {
    const kit = new RunKit();
    await kit.run();
    expect(await kit.run()).toMatchObject({
      outcome: 'failed',
      errors: [
        {
          code: 'STALLED',
          message: 'set 20260103_020000 exists, and the clock does not reach the next second',
          hint: 'Advance the clock between two runs',
        },
      ],
    });
  });

  it('stops waiting for a free second when it is told to', async () => {
    const kit = new RunKit();
    await kit.run();
    const stop = new AbortController();
    const running = kit.run({}, { signal: stop.signal });
    await kit.clock.advance(0);
    stop.abort();
    expect(await running).toMatchObject({ outcome: 'failed', errors: [{ code: 'ABORTED' }] });
  });

  it('warns of a database without tables', async () => {
    const kit = new RunKit();
    kit.producer.rows = [];
    const report = await kit.run();
    expect(report).toMatchObject({
      outcome: 'succeeded',
      warnings: [expect.stringContaining('has no tables')],
    });
    expect(report.manifest?.warnings).toEqual(report.warnings);
    expect(kit.events).toContainEqual({ event: 'run.warning', message: report.warnings[0] });
  });

  it('makes a set without an archive, and says why, when there is nothing to archive', async () => {
    const kit = new RunKit();
    kit.archiver.content = undefined;
    expect(await kit.run()).toMatchObject({
      outcome: 'succeeded',
      warnings: ['no staging archive: the folder is empty'],
    });
    expect(kit.files()).toHaveLength(3);
    expect((await kit.sets())[0]?.state).toBe('complete');
  });

  it('warns when the former set has a staging archive and this one has none: its volume may be away', async () => {
    const kit = new RunKit();
    const nextDay = (): void => {
      kit.clock.jumpTo(new Date(kit.clock.now().getTime() + DAY));
    };
    await kit.run();
    nextDay();
    kit.archiver.content = undefined;
    const report = await kit.run();
    expect(report).toMatchObject({ outcome: 'succeeded' });
    expect(report.warnings).toContain(
      'the former set (20260103_020000) has a staging archive, this one has none: is its volume mounted?',
    );
    expect(report.manifest?.warnings).toEqual(report.warnings);
    expect(report.warnings).toHaveLength(2);
    expect(report.suspicion?.reasons.join()).toContain('it has no staging archive');
  });

  it('warns when the newest set is younger than itself, and keeps both', async () => {
    const kit = new RunKit('2030-01-01T00:00:00Z');
    await kit.run();
    kit.clock.jumpTo(SATURDAY);
    kit.keep = { daily: 1, weekly: 1 };
    const report = await kit.run();
    expect(report).toMatchObject({
      outcome: 'succeeded',
      warnings: [expect.stringContaining('20300101_000000')],
    });
    expect(await kit.overview()).toEqual([
      'daily 20300101_000000 complete',
      'daily 20260103_020000 complete',
    ]);
  });

  it('counts its own set though the clock was put back while it was made', async () => {
    const kit = new RunKit();
    kit.archiver.content = undefined;
    await kit.runDaily(1);
    kit.keep = { daily: 1, weekly: 1 };
    kit.archiver.archive = () => {
      kit.clock.jumpTo('2020-01-01T00:00:00Z');
      return Promise.resolve({ nothing: 'no folder' });
    };
    const report = await kit.run();
    expect(report.phases.every(({ milliseconds }) => milliseconds >= 0)).toBe(true);
    expect(await kit.overview()).toEqual([
      'daily 20260104_020000 complete',
      'weekly 20260104_020000 complete',
    ]);
  });

  it('does not fail because its end could not be written down', async () => {
    const kit = new RunKit();
    kit.journal.update = () => Promise.reject(new Error('read-only'));
    expect(await kit.run()).toMatchObject({
      outcome: 'succeeded',
      warnings: ['the outcome could not be noted: read-only'],
    });
  });

  it('is remembered beside those before it, failed ones too, with the size of its set', async () => {
    const kit = new RunKit();
    await kit.runDaily(1);
    kit.producer.snapshot = () => Promise.reject(new BackupError('DATABASE_UNREACHABLE', 'server away'));
    await kit.run();
    const { pastRuns } = kit.journal.state;
    expect(pastRuns).toMatchObject([
      { timestamp: '20260103_020000', outcome: 'succeeded' },
      { outcome: 'failed', error: 'server away' },
    ]);
    expect(pastRuns?.[0]?.bytes).toBeGreaterThan(0);
    expect(pastRuns?.[1]).not.toHaveProperty('phases');
  });

  it('is remembered with the 399 runs before it, and no more', async () => {
    const kit = new RunKit();
    const old = {
      outcome: 'succeeded',
      startedAt: '2020-01-01T00:00:00Z',
      finishedAt: '2020-01-01T00:00:00Z',
    } as const;
    kit.journal.state = { pastRuns: Array.from({ length: 500 }, (_, bytes) => ({ ...old, bytes })) };
    await kit.run();
    expect(kit.journal.state.pastRuns).toHaveLength(400);
    expect(kit.journal.state.pastRuns?.[0]?.bytes).toBe(101);
    expect(kit.journal.state.pastRuns?.at(-1)?.outcome).toBe('succeeded');
  });

  it('is partial when retention fails, and tells what was removed until then', async () => {
    const kit = new RunKit();
    await kit.runDaily(4);
    kit.keep = { daily: 1, weekly: 1 };
    const report = await kit.run({
      fault: ({ operation, key }) =>
        operation === 'remove' && key === 'daily/manifest-20260105_020000.json' ? failure : undefined,
    });
    expect(report).toMatchObject({ outcome: 'with-errors', errors: [failure] });
    expect(report.removed.some((key) => key.includes('20260104'))).toBe(true);
    expect(await kit.overview()).toEqual([
      'daily 20260107_020000 complete',
      'daily 20260105_020000 complete',
      'weekly 20260104_020000 complete',
    ]);
  });

  it('tells first what made it fail, then what else went wrong', async () => {
    const kit = new RunKit('2026-01-04T02:00:00Z');
    await kit.run({ fault: ({ operation }) => (operation === 'copy' ? failure : undefined) });
    kit.clock.jumpTo(new Date(kit.clock.now().getTime() + DAY));
    const dead = new BackupError('DATABASE_UNREACHABLE', 'server away');
    kit.producer.snapshot = () => Promise.reject(dead);
    const report = await kit.run({ fault: ({ operation }) => (operation === 'copy' ? failure : undefined) });
    expect(report.errors).toEqual([dead, failure]);
    expect(kit.journal.state.lastRun?.error).toBe('server away');
  });

  it('reports what the clean-up found', async () => {
    const kit = new RunKit();
    kit.store.cleanUp = () => Promise.resolve(['daily/.geolens.dump.part']);
    expect((await kit.run()).cleanedUp).toEqual(['daily/.geolens.dump.part']);
  });
});
