import { describe, expect, it } from 'vitest';
import { PhaseLog } from '../../src/present/log-run.ts';
import { createLogger } from '../../src/present/logger.ts';

function kit(columns?: number): {
  phases: PhaseLog;
  clock: { now: number };
  logged: string[];
  shown: string[];
} {
  const [logged, shown, clock] = [[] as string[], [] as string[], { now: 0 }];
  const log = createLogger({
    format: 'text',
    level: 'info',
    write: (line) => logged.push(line.slice(27).trimEnd()),
  });
  const terminal = {
    ask: () => Promise.resolve(''),
    status: (text: string) => {
      shown.push(text);
    },
    columns,
  };
  return { phases: new PhaseLog(log, terminal, () => clock.now), clock, logged, shown };
}

describe('the log of phases', () => {
  it('tells every 15 seconds how far a long one is, and how fast', () => {
    const { phases, clock, logged } = kit();
    for (clock.now = 0; clock.now <= 40_000; clock.now += 1000)
      phases.progressed({
        phase: 'produce',
        artifact: 'dump',
        bytes: clock.now * 10_000,
        expected: 1_000_000_000,
      });
    phases.finished({ phase: 'produce', artifact: 'dump', milliseconds: 41_000, bytes: 410_000_000 });
    expect(logged).toEqual([
      'produce dump: 150 MB of about 1.0 GB, 15 %, 10.0 MB/s',
      'produce dump: 300 MB of about 1.0 GB, 30 %, 10.0 MB/s',
      'produce dump: 41.0 s, 410 MB, 10.0 MB/s',
    ]);
  });

  it('shows all that goes on at a terminal, in one line, and takes it away', () => {
    const { phases, clock, shown } = kit();
    phases.progressed({ phase: 'produce', artifact: 'dump', bytes: 4_900_000, expected: 10_000_000 });
    phases.progressed({ phase: 'produce', artifact: 'dump', bytes: 5_000_000, expected: 10_000_000 });
    clock.now += 100;
    phases.progressed({ phase: 'produce', artifact: 'staging', bytes: 2_000_000 });
    phases.finished({ phase: 'produce', artifact: 'dump', milliseconds: 1 });
    phases.failed({ phase: 'produce', artifact: 'staging' });
    expect(shown).toEqual([
      'produce dump [=====       ] 4.9 MB of about 10.0 MB, 49 %',
      'produce dump [======      ] 5.0 MB of about 10.0 MB, 50 %  produce staging 2.0 MB',
      'produce staging 2.0 MB',
      '',
    ]);
  });

  it.each([
    [
      120,
      'produce dump [===         ] 123 MB of about 456 MB, 26 %  produce staging [=           ] 12.3 MB of about 100 MB, 12 %',
    ],
    [100, 'produce dump 123 MB of about 456 MB, 26 %  produce staging 12.3 MB of about 100 MB, 12 %'],
    [80, 'produce dump [===         ] 26 %  produce staging [=           ] 12 %'],
    [50, 'produce dump 26 %  produce staging 12 %'],
  ])('fits %d columns', (columns, expected) => {
    const { phases, clock, shown } = kit(columns);
    phases.progressed({ phase: 'produce', artifact: 'dump', bytes: 123_000_000, expected: 456_000_000 });
    clock.now += 100;
    phases.progressed({ phase: 'produce', artifact: 'staging', bytes: 12_300_000, expected: 100_000_000 });
    expect(shown.at(-1)).toBe(expected);
    expect(expected.length).toBeLessThan(columns);
  });

  it('never calls a thing whole that may become larger than the one before', () => {
    const { phases, clock, shown } = kit();
    phases.progressed({ phase: 'produce', artifact: 'dump', bytes: 20_000_000, expected: 10_000_000 });
    clock.now += 100;
    phases.progressed({
      phase: 'replicate',
      tier: 'daily',
      artifact: 'dump',
      bytes: 10_000_000,
      expected: 10_000_000,
    });
    expect(shown.at(-1)).toContain(
      'produce dump 20.0 MB  replicate daily dump [============] 10.0 MB of 10.0 MB, 100 %',
    );
  });
});
