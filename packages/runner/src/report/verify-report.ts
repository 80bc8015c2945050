import {
  lacksOf,
  problemsOf,
  type ArtifactVerdict,
  type BackupError,
  type CopyReport,
  type VerifyReport,
} from '@geolens/backup-core';
import type { Redact } from '../log/redact.ts';
import { drillText } from './drill-text.ts';
import { table } from './table.ts';
import { bytesText, durationText } from './units.ts';

/** What was found, for a person: every artifact of each copy, or a table with one line for each copy. */
export function verifyReportText({ copies }: VerifyReport, asTable: boolean): string {
  if (copies.length === 0) return 'no sets yet\n';
  return asTable ? tableText(copies) : copies.map(detailsText).join('\n');
}

/** The same for a machine. */
export function verifyReportJson(
  { copies, notes, errors }: VerifyReport,
  redact: Redact = (text) => text,
): Record<string, unknown> {
  const told = ({ code, message }: BackupError): Record<string, unknown> => ({
    code,
    message: redact(message),
  });
  return {
    copies: copies.map((report) => ({
      label: report.copy.label,
      store: report.copy.store?.name,
      tier: report.copy.set?.tier,
      timestamp: report.copy.timestamp,
      database: report.copy.set?.database,
      verdict: report.verdict,
      problems: problemsOf(report).map(redact),
      artifacts: report.artifacts.map((artifact) => ({
        ...artifact,
        problem: artifact.problem && redact(artifact.problem),
      })),
      drill: report.drill && {
        ...report.drill,
        reasons: report.drill.reasons.map(redact),
        warnings: report.drill.warnings.map(redact),
      },
      error: report.error && told(report.error),
      milliseconds: report.milliseconds,
    })),
    notes: notes.map(redact),
    errors: errors.map(told),
  };
}

const VERDICTS: Readonly<Record<CopyReport['verdict'], string>> = {
  good: 'good',
  bad: 'BAD',
  unproven: 'unproven',
  unread: 'unread',
  gone: 'gone',
};

function detailsText(report: CopyReport): string {
  const { copy, artifacts, drill, error, verdict } = report;
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
    `${copy.label}: ${verdictText(report)}\n`,
    body,
    drill === undefined ? '' : drillText(drill),
    ...(error !== undefined && verdict === 'unread' ? [`${error.message}\n`] : []),
  ].join('');
}

function tableText(copies: readonly CopyReport[]): string {
  const rows = copies.map((report) => {
    const { copy, milliseconds, error, verdict } = report;
    const reasons =
      verdict === 'unproven' ? lacksOf(report) : error === undefined ? problemsOf(report) : [error.message];
    return [
      copy.set?.timestamp ?? '-',
      copy.set?.tier ?? '-',
      copy.store?.name ?? '-',
      copy.set?.state ?? '-',
      durationText(milliseconds),
      [verdictText(report), ...reasons].join(': ').replaceAll('\n', ' '),
    ];
  });
  const bad = copies.filter(({ verdict }) => verdict === 'bad').length;
  const head = [
    { title: 'SET' },
    { title: 'TIER' },
    { title: 'WHERE' },
    { title: 'STATE' },
    { title: 'TOOK', align: 'right' as const },
    { title: 'RESULT' },
  ];
  const unread = copies.filter(({ verdict }) => verdict === 'unread').length;
  const read = unread === 0 ? '' : `, ${unread} could not be read`;
  return `${table(head, rows)}${copies.length} copies, ${bad === 0 ? 'none of them bad' : `${bad} BAD`}${read}\n`;
}

function verdictText({ verdict, drill }: CopyReport): string {
  return verdict === 'good' && drill?.verdict === 'proven' ? 'proven' : VERDICTS[verdict];
}

function resultText({ name, problem, unjudged }: ArtifactVerdict): string {
  if (problem !== undefined) return `BAD: ${withoutName(problem, name)}`;
  return unjudged === undefined ? 'good' : `as it was written: ${unjudged}`;
}

function withoutName(problem: string, name: string): string {
  return problem.startsWith(`${name}: `) ? problem.slice(name.length + 2) : problem;
}
