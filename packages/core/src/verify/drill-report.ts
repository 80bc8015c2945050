import { countText } from '../count-text.ts';
import { dumpOf, totalRows, type Manifest } from '../manifest/manifest.ts';
import type { Rehearsal } from '../ports/drill.ts';
import { compareRows } from '../manifest/compare-rows.ts';

/** What a drill says of a dump. */
export interface DrillReport {
  /**
   * `unprovable`: this machine lacks something, or something stays open, which is neither a success nor a
   * failure.
   */
  readonly verdict: 'proven' | 'disproven' | 'unprovable';
  /** Why it is not proven, one sentence each. */
  readonly reasons: readonly string[];
  /** What was seen to be well. */
  readonly facts: readonly string[];
  readonly warnings: readonly string[];
  /** Of the scratch server. */
  readonly serverVersion: string | undefined;
}

/** Compares what a rehearsed restore showed with what the manifest says. Pure. */
export function judgeRehearsal(manifest: Manifest | undefined, rehearsal: Rehearsal): DrillReport {
  const nothing = { facts: [], warnings: [], serverVersion: undefined };
  if (rehearsal.outcome === 'failed')
    return { ...nothing, verdict: 'disproven', reasons: [rehearsal.problem] };
  if (rehearsal.outcome === 'unprovable')
    return { ...nothing, verdict: 'unprovable', reasons: rehearsal.reasons };
  const { rows, extensionRows, problems, warnings, unanswered, facts, serverVersion } = rehearsal;
  const expected = manifest && dumpOf(manifest)?.rowCounts;
  const wrong = [...compareRows(manifest, [...rows, ...extensionRows]), ...problems];
  const count =
    rows.length === 0
      ? 'no tables'
      : `${countText(totalRows(rows), 'row')} in ${countText(rows.length, 'table')}`;
  const counted =
    expected === undefined
      ? `${count}; there is no manifest to compare them with`
      : `${count}, as many as in the dump`;
  if (wrong.length > 0) return { verdict: 'disproven', reasons: wrong, facts, warnings, serverVersion };
  return {
    verdict: unanswered.length === 0 ? 'proven' : 'unprovable',
    reasons: unanswered,
    facts: [counted, ...facts],
    warnings,
    serverVersion,
  };
}

/** The report of a drill that found no place. */
export function unprovable(reasons: readonly string[]): DrillReport {
  return { verdict: 'unprovable', reasons, facts: [], warnings: [], serverVersion: undefined };
}
