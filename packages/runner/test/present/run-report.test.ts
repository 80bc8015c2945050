import { describe, expect, it } from 'vitest';
import { artifactKey, BackupError, parseTimestamp } from '@geolens/backup-core';
import { exitCodeOfRun } from '../../src/exit-code.ts';
import { runNotification } from '../../src/notify/notifications.ts';
import { logReport, logRun } from '../../src/present/log-run.ts';
import { createLogger } from '../../src/present/logger.ts';
import { outcomeText, runReportJson, runReportText } from '../../src/present/run-report.ts';
import { reportOf } from '../support/sets.ts';

function logged(work: (log: ReturnType<typeof createLogger>) => void): string[] {
  const written: string[] = [];
  work(
    createLogger({ format: 'text', level: 'info', write: (line) => written.push(line.slice(21).trimEnd()) }),
  );
  return written;
}

const failure = new BackupError('DUMP_FAILED', 'the dump failed');

describe('the report of a run', () => {
  it('names the files of the new set for a person', () => {
    expect(runReportText(reportOf())).toBe(
      [
        'set 20261122_020000 (complete)    size  in daily and weekly',
        'geolens_20261122_020000.dump    4.1 kB  2 tables, 1,234 rows',
        'staging-20261122_020000.tar.gz   900 B  2 members',
        'manifest-20261122_020000.json           ',
        '',
      ].join('\n'),
    );
  });

  it('says loudly that the new set is suspicious, why, and what to do', () => {
    const suspicion = { reasons: ['it has 10 rows', 'its dump has 1 byte'], at: '2026-11-22T02:00:09.000Z' };
    const [title, ...rest] = runReportText(reportOf({ suspicion })).trimEnd().split('\n');
    expect(title).toMatch(/^set 20261122_020000 \(complete, SUSPICIOUS\) /);
    expect(rest.at(-1)).toBe(
      'SUSPICIOUS: set 20261122_020000 is much smaller than those before it: it has 10 rows; its dump has 1 byte. ' +
        'Nothing is removed meanwhile. Compare it with the sets before: geolens-backup list. If data is lost, restore the newest good set: geolens-backup restore latest. If it is meant to be so: geolens-backup accept 20261122_020000',
    );
    expect(runReportJson(reportOf({ suspicion }))).toMatchObject({
      outcome: 'succeeded',
      suspicion,
      warnings: [rest.at(-1)],
    });
    expect(exitCodeOfRun(reportOf({ suspicion }))).toBe(0);
  });

  it('is nothing for a person when there is no new set: the log has said why', () => {
    expect(runReportText(reportOf({ outcome: 'failed', manifest: undefined, errors: [failure] }))).toBe('');
  });

  it('has codes and messages of errors for a machine, without secrets', () => {
    const report = reportOf({ outcome: 'with-errors', errors: [failure], warnings: ['the dump is late'] });
    expect(runReportJson(report, (text) => text.replace('dump', '***'))).toMatchObject({
      outcome: 'with-errors',
      startedAt: '2026-11-22T02:00:00.000Z',
      errors: [{ code: 'DUMP_FAILED', message: 'the *** failed' }],
      warnings: ['the *** is late'],
      manifest: { timestamp: '20261122_020000' },
    });
  });
});

describe('the log of a run', () => {
  it('ends with what is in the set, and what was in the one before', () => {
    expect(
      logged((log) => {
        logReport(log, reportOf());
      }),
    ).toEqual([
      'INFO  run 20261122_020000 succeeded in 9.0 s: 2 tables with 1,234 rows (before: 1,000), 5.0 kB, in daily and weekly',
    ]);
  });

  it('warns at its end when the new set is suspicious', () => {
    expect(
      logged((log) => {
        logReport(log, reportOf({ suspicion: { reasons: ['it shrank'], at: '' } }));
      }),
    ).toEqual([expect.stringMatching(/^WARN {2}run 20261122_020000 succeeded, but SUSPICIOUS, in 9.0 s: /)]);
  });

  it('logs what was cleaned up and pruned, each error once, and warns when the run finished with errors', () => {
    const removed = [artifactKey('daily', 'geolens_20261101_020000.dump')];
    expect(
      logged((log) => {
        logReport(
          log,
          reportOf({ outcome: 'with-errors', errors: [failure], cleanedUp: ['daily/.x.partial'], removed }),
        );
      }),
    ).toEqual([
      'INFO  removed what work that died had left: daily/.x.partial',
      'INFO  retention removed daily/geolens_20261101_020000.dump',
      'ERROR the dump failed',
      expect.stringMatching(/^WARN {2}run 20261122_020000 finished with errors in 9.0 s: /),
    ]);
  });

  it('says that nothing was made and nothing was removed when the run failed', () => {
    expect(
      logged((log) => {
        logReport(log, reportOf({ outcome: 'failed', manifest: undefined, errors: [failure] }));
      }),
    ).toEqual([
      'ERROR the dump failed',
      'ERROR run failed after 9.0 s; no set was made and none was removed',
    ]);
  });

  it('shows that the set is bad when its restore test found other rows', () => {
    const report = reportOf({
      outcome: 'failed',
      restoreTest: {
        outcome: 'failed',
        reasons: ['a.b has 2 rows, 3 were backed up'],
        facts: [],
        warnings: [],
        serverVersion: '17.2',
        damaged: true,
      },
      errors: [failure],
    });
    expect(
      logged((log) => {
        logReport(log, report);
      }).at(-1),
    ).toBe('ERROR run failed after 9.0 s; the new set is bad and counts for nothing, and none was removed');
    expect(runReportText(report)).toMatch(
      /^set 20261122_020000 \(BAD\) .*in daily\n[^]*restored in a temporary PostgreSQL 17\.2, and NOT what was backed up:\n {2}- a\.b has 2 rows, 3 were backed up\n$/,
    );
  });

  it('shows a failed restore test of a set that is good', () => {
    const restoreTest = {
      ...{ facts: [], warnings: [], serverVersion: '17.2' },
      ...({ outcome: 'failed', reasons: ['the view a fails'] } as const),
    };
    const report = reportOf({ outcome: 'with-errors', restoreTest, errors: [failure] });
    expect(outcomeText(report)).toMatch(
      /^run 20261122_020000 finished with errors, its restore test FAILED, in 9\.0 s: /,
    );
    expect(runReportText(report)).toMatch(
      /^set 20261122_020000 \(complete, restore test FAILED\) .*in daily and weekly\n[^]*FAILED: the artifacts are intact, .*:\n {2}- the view a fails\n$/,
    );
    expect(exitCodeOfRun(report)).toBe(6);
    expect(
      exitCodeOfRun({
        ...report,
        outcome: 'failed',
        errors: [new BackupError('ARTIFACT_UNREADABLE', 'torn')],
      }),
    ).toBe(5);
  });

  it('of a run whose restore test is inconclusive ends with 3: the set is good, and was not tested', () => {
    const restoreTest = {
      ...{ facts: [], warnings: [], serverVersion: undefined },
      ...({ outcome: 'inconclusive', reasons: ['the extension x is not installed'] } as const),
    };
    const report = reportOf({ restoreTest });
    expect(exitCodeOfRun(report)).toBe(3);
    expect(runNotification(report, '', String).state).toBe('trouble');
    expect(runNotification(reportOf(), '', String).state).toBe('good');
  });

  it('has one line for each copied set, with its tiers, and none for its artifacts', () => {
    const timestamp = parseTimestamp('20261122_020000')!;
    const copied = [
      { tier: 'daily', timestamp, bytes: 5_000_000, milliseconds: 2_400 },
      { tier: 'weekly', timestamp, bytes: 5_000_000, milliseconds: 100 },
      { tier: 'daily', timestamp: parseTimestamp('20261121_020000')!, bytes: 0, milliseconds: 0 },
    ] as const;
    const lines = logged((log) => {
      const observe = logRun(log);
      for (const phase of ['staged-upload', 'replicate'] as const)
        observe({ event: 'phase.finished', phase, artifact: 'dump', milliseconds: 2_400, bytes: 5_000_000 });
      const replication = [{ store: 's3', copied, missing: 0, cleanedUp: [], errors: [] }];
      logReport(log, reportOf({ replication }));
    });
    expect(lines.slice(0, 2)).toEqual([
      'INFO  s3: set 20261122_020000 (daily, weekly) copied, 5.0 MB in 2.5 s, 2.0 MB/s',
      'INFO  s3: 3 sets copied, 0 still to be copied',
    ]);
  });

  it('has a line for each phase, with size and rate where there are bytes', () => {
    expect(
      logged((log) => {
        const observe = logRun(log);
        observe({
          event: 'phase.finished',
          phase: 'produce',
          artifact: 'dump',
          milliseconds: 2000,
          bytes: 5_000_000,
        });
        observe({ event: 'phase.finished', phase: 'clean-up', milliseconds: 1 });
        observe({ event: 'run.warning', message: 'odd' });
      }),
    ).toEqual(['INFO  produce dump: 2.0 s, 5.0 MB, 2.5 MB/s', 'INFO  clean-up: 1 ms', 'WARN  odd']);
  });
});

it.each([
  ['succeeded', [], 0],
  ['with-errors', [failure], 3],
  ['failed', [failure], 1],
  ['failed', [new BackupError('CONFIG_INVALID', 'x')], 2],
  ['failed', [], 1],
] as const)('a run that is %s with %j exits with %i', (outcome, errors, code) => {
  expect(exitCodeOfRun(reportOf({ outcome, errors }))).toBe(code);
});
