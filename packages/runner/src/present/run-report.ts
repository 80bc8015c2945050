import { dumpOf, formatArtifactName, rowsOf, totalRows, type RunReport } from '@geolens/backup-core';
import { formatChecks } from '@geolens/backup-core/internal';
import { errorJson, failureJson, suspicionText, warningsOfRun } from './hints.ts';
import type { Redact } from './redact.ts';
import { bytesText, countText, durationText, millisecondsOf, numberText } from './units.ts';
import { restoreTestText } from './verify-report.ts';
import { table } from './table.ts';

/**
 * Returns the new set for people: its files and their content, its restore test, and why it is suspicious.
 * Empty if there is no set.
 */
export function runReportText(report: RunReport): string {
  const { manifest, replication, suspicion, restoreTest } = report;
  if (manifest === undefined) return '';
  const manifestName = formatArtifactName({ kind: 'manifest', timestamp: manifest.timestamp });
  const rows = manifest.artifacts.map(({ name, bytes, tableCount, rowCounts, members }) => {
    const counts =
      rowCounts === undefined
        ? []
        : [`${countText(tableCount ?? 0, 'table')}, ${countText(rowsOf(manifest) ?? 0, 'row')}`];
    return [
      name,
      bytesText(bytes),
      [...counts, ...(members === undefined ? [] : [countText(members, 'member')])].join(', '),
    ];
  });
  const title = `set ${manifest.timestamp} (${stateText(report)})`;
  const alsoOn = replication.filter(({ copied }) =>
    manifest.tiers.every((tier) =>
      copied.some((set) => set.tier === tier && set.timestamp === manifest.timestamp),
    ),
  );
  const tiers = restoreTest?.damaged ? 'daily' : manifest.tiers.join(' and ');
  const places = [`in ${tiers}`, ...alsoOn.map(({ store }) => `on ${store} too`)].join(', ');
  const files = table(
    [{ title }, { title: 'size', align: 'right' }, { title: places }],
    [...rows, [manifestName, '', '']],
  );
  return [
    files,
    restoreTest === undefined ? '' : restoreTestText(restoreTest),
    suspicion === undefined ? '' : `${suspicionText(manifest.timestamp, suspicion.reasons)}\n`,
  ].join('');
}

function stateText({ suspicion, restoreTest }: RunReport): string {
  if (restoreTest?.damaged) return 'BAD';
  const failed = restoreTest?.outcome === 'failed' ? ', restore test FAILED' : '';
  return `complete${failed}${suspicion === undefined ? '' : ', SUSPICIOUS'}`;
}

/** Returns the report for machines. */
export function runReportJson(report: RunReport, redact: Redact = (text) => text): Record<string, unknown> {
  const { manifest, checks, startedAt, finishedAt, errors, replication, ...rest } = report;
  const reported = errorJson(redact);
  return {
    ...rest,
    manifest: manifest && { ...manifest, checks: formatChecks(checks) },
    warnings: warningsOfRun(report).map(redact),
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    replication: replication.map(({ errors: failed, ...others }) => ({
      ...others,
      errors: failed.map(reported),
    })),
    errors: errors.map(reported),
    ...(rest.outcome === 'failed' && errors[0] !== undefined && failureJson(errors[0], redact)),
  };
}

/** Returns the outcome of a run in one line. */
export function outcomeText(report: RunReport): string {
  const { manifest, previousRows, timestamp, suspicion, outcome, restoreTest } = report;
  const took = durationText(millisecondsOf(report));
  if (outcome === 'failed') {
    const made =
      manifest === undefined
        ? 'no set was made and none was removed'
        : 'the new set is bad and counts for nothing, and none was removed';
    return `run failed after ${took}; ${made}`;
  }
  if (manifest === undefined) return '';
  const counts = dumpOf(manifest)?.rowCounts ?? [];
  const before = previousRows === undefined ? '' : ` (before: ${numberText(previousRows)})`;
  const bytes = manifest.artifacts.reduce((sum, artifact) => sum + artifact.bytes, 0);
  const rows = counts.length === 0 ? '' : ` with ${countText(totalRows(counts), 'row')}`;
  const content = `${countText(counts.length, 'table')}${rows}${before}, ${bytesText(bytes)}`;
  const failed = restoreTest?.outcome === 'failed' ? ', its restore test FAILED,' : '';
  return `run ${timestamp ?? '?'} ${outcome === 'succeeded' ? outcome : 'finished with errors'}${failed}${suspicion === undefined ? '' : ', but SUSPICIOUS,'} in ${took}: ${content}, in ${manifest.tiers.join(' and ')}`;
}

/** Returns the fields of the last event of a run. */
export function outcomeFields(report: RunReport): Record<string, unknown> {
  return {
    outcome: report.outcome,
    timestamp: report.timestamp,
    milliseconds: millisecondsOf(report),
    rows: rowsOf(report.manifest),
    assertionsHeld: report.restoreTest?.assertionsHeld,
  };
}
