import { dumpOf, rowsOf, totalRows, type RunReport } from '@geolens/backup-core';
import { bytesText, countText, durationText, numberText } from './units.ts';

/** What became of a run, in one line. */
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
  return `run ${timestamp ?? '?'} ${outcome}${failed}${suspicion === undefined ? '' : ', but SUSPICIOUS,'} in ${took}: ${content}, in ${manifest.tiers.join(' and ')}`;
}

/** The fields of a run's last event. */
export function outcomeFields(report: RunReport): Record<string, unknown> {
  return {
    outcome: report.outcome,
    timestamp: report.timestamp,
    milliseconds: millisecondsOf(report),
    rows: rowsOf(report.manifest),
    assertionsHeld: report.restoreTest?.assertionsHeld,
  };
}

function millisecondsOf({ startedAt, finishedAt }: RunReport): number {
  return Math.max(0, finishedAt.getTime() - startedAt.getTime());
}
