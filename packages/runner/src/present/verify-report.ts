import type {
  ArtifactReading,
  CheckOutcome,
  CopyReport,
  RestoreTestReport,
  VerifyReport,
} from '@geolens/backup-core';
import { isBadCopy, lacksOf, problemsOf } from '@geolens/backup-core/internal';
import { describeError, errorJson } from './hints.ts';
import type { Redact } from './redact.ts';
import { table } from './table.ts';
import { bytesText, durationText } from './units.ts';

/** Returns the report for people: every artifact of each copy, or a table of the copies of this width. */
export function verifyReportText({ copies }: VerifyReport, asTable: boolean, width?: number): string {
  if (copies.length === 0) return 'no sets yet\n';
  return asTable ? tableText(copies, width) : oncePerRun(copies, detailsText).join('\n');
}

/** Returns the report for machines. */
export function verifyReportJson(
  { copies, notes, errors }: VerifyReport,
  redact: Redact = (text) => text,
): Record<string, unknown> {
  const reported = errorJson(redact);
  return {
    copies: copies.map((report) => ({
      label: report.copy.label,
      store: report.copy.stored?.store.name,
      tier: report.copy.stored?.set.tier,
      timestamp: report.copy.timestamp,
      database: report.copy.stored?.set.database,
      outcome: report.outcome,
      problems: problemsOf(report).map(redact),
      artifacts: report.artifacts.map(({ kind, name, bytes, problem, unjudged, leftOut }) => ({
        ...{ kind, name, bytes },
        problem: problem && redact(problem),
        unjudged: unjudged && redact(unjudged),
        leftOut: leftOut?.map(redact),
      })),
      restoreTest: report.restoreTest && {
        ...report.restoreTest,
        reasons: report.restoreTest.reasons.map(redact),
        warnings: report.restoreTest.warnings.map(redact),
      },
      error: report.error && reported(report.error),
      milliseconds: report.milliseconds,
    })),
    notes: notes.map(redact),
    errors: errors.map(reported),
  };
}

const WORDS: Readonly<Record<CheckOutcome, string>> = {
  passed: 'good',
  failed: 'restore test FAILED',
  inconclusive: 'inconclusive',
  skipped: 'removed meanwhile',
};

/**
 * Describes copies. Combines the tiers of a run in one store if their results are the same.
 * @param describe returns the text of a copy; its label and `tiers` name all combined tiers
 */
function oncePerRun<T>(
  copies: readonly CopyReport[],
  describe: (report: CopyReport, tiers: string) => T,
): readonly T[] {
  const runs = Map.groupBy(copies, (report) => {
    const { copy, artifacts, restoreTest, standing, error, outcome } = report;
    const { stored, label, timestamp } = copy;
    const run = stored === undefined ? label : [timestamp, stored.set.database, stored.store.name];
    const failed = standing !== undefined && copy.checks.restoreTest?.reason;
    return JSON.stringify([run, outcome, artifacts, restoreTest, failed, error?.message]);
  });
  return [...runs.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const tiers = [first, ...others].flatMap(({ copy: { stored } }) => stored?.set.tier ?? []).join(' and ');
    const milliseconds = [first, ...others].reduce((sum, report) => sum + report.milliseconds, 0);
    const label = first.copy.label.replace(`(${first.copy.stored?.set.tier},`, `(${tiers},`);
    return [describe({ ...first, milliseconds, copy: { ...first.copy, label } }, tiers)];
  });
}

function detailsText(report: CopyReport): string {
  const { copy, artifacts, restoreTest, error } = report;
  const rows = artifacts.map((artifact) => [
    artifact.name,
    artifact.bytes === undefined ? '-' : bytesText(artifact.bytes),
    resultText(artifact),
  ]);
  const body =
    rows.length === 0
      ? ''
      : table([{ title: 'ARTIFACT' }, { title: 'SIZE', align: 'right' }, { title: 'RESULT' }], rows);
  return [
    `${copy.label}: ${outcomeText(report)}\n`,
    body,
    restoreTest === undefined ? '' : restoreTestText(restoreTest),
    ...(error !== undefined ? [`${describeError(error)}\n`] : []),
  ].join('');
}

function tableText(copies: readonly CopyReport[], width: number | undefined): string {
  const rows = oncePerRun(copies, (report, tiers) => {
    const { copy, milliseconds } = report;
    return [
      copy.stored?.set.timestamp ?? '-',
      tiers || '-',
      copy.stored?.store.name ?? '-',
      copy.stored?.set.state ?? '-',
      durationText(milliseconds),
      [outcomeText(report), ...reasonsOf(report)].join(': ').replaceAll('\n', ' '),
    ];
  });
  const bad = copies.filter(isBadCopy).length;
  const failed = copies.filter(({ outcome }) => outcome === 'failed').length - bad;
  const head = [
    { title: 'SET' },
    { title: 'TIER' },
    { title: 'WHERE' },
    { title: 'STATE' },
    { title: 'TOOK', align: 'right' as const },
    { title: 'RESULT' },
  ];
  const unread = copies.filter(({ error }) => error !== undefined).length;
  const read = unread === 0 ? '' : `, ${unread} could not be read`;
  const untested = failed === 0 ? '' : `, ${failed} FAILED a restore test`;
  return `${table(head, rows, width)}${copies.length} copies, ${bad === 0 ? 'none of them bad' : `${bad} BAD`}${untested}${read}\n`;
}

/** Returns the reasons why a check did not pass. */
export function reasonsOf(report: CopyReport): readonly string[] {
  if (report.error !== undefined) return [describeError(report.error)];
  return report.outcome === 'inconclusive' ? lacksOf(report) : problemsOf(report);
}

function outcomeText(report: CopyReport): string {
  const { outcome, restoreTest, error } = report;
  if (error !== undefined) return 'unread';
  if (isBadCopy(report)) return 'BAD';
  return outcome === 'passed' && restoreTest !== undefined ? 'restore test passed' : WORDS[outcome];
}

function resultText({ name, problem, unjudged, leftOut = [] }: ArtifactReading): string {
  if (problem !== undefined) return `BAD: ${withoutName(problem, name)}`;
  if (unjudged !== undefined) return `as it was written: ${unjudged}`;
  return ['good', ...leftOut.map((what) => `a restore leaves out ${what}`)].join('; ');
}

function withoutName(problem: string, name: string): string {
  return problem.startsWith(`${name}: `) ? problem.slice(name.length + 2) : problem;
}

/** Returns the result of a restore test for people: problems first, then what passed. */
export function restoreTestText({
  outcome,
  reasons,
  facts,
  serverVersion,
  damaged,
  isolated,
}: RestoreTestReport): string {
  const where = serverVersion === undefined ? '' : ` in a temporary PostgreSQL ${serverVersion}`;
  const head = {
    passed: `restored${where}${isolated === false ? ', not isolated' : ''}`,
    failed: damaged
      ? `restored${where}, and NOT what was backed up`
      : `the restore test${where} FAILED: the artifacts are intact, but the restored database is not as expected`,
    inconclusive: 'the restore test is inconclusive',
    skipped: 'the restore test was skipped',
  }[outcome];
  const well = outcome === 'failed' ? facts.map((fact) => `well: ${fact}`) : facts;
  return [`${head}:`, ...[...reasons, ...well].map((line) => `  - ${line}`), ''].join('\n');
}
