import { BackupError } from '../base/errors.ts';
import type { Inspection } from '../ports/dump-restorer.ts';
import type { DamagedArtifact } from './check-source.ts';

export interface DiagnosticResults {
  readonly damaged: readonly DamagedArtifact[];
  /** `undefined` if the dump is damaged. */
  readonly inspection: Inspection | undefined;
  /** Problems that `force` overrides. */
  readonly overridable: readonly string[];
}

/**
 * Ends a restore that must not begin, with everything that stands in its way in one list.
 * @returns the examination of a dump that can be restored
 * @throws BackupError ARTIFACT_UNREADABLE when an artifact is damaged, RESTORE_REFUSED for anything else
 */
export function refuse(label: string, { damaged, inspection, overridable }: DiagnosticResults): Inspection {
  const all = [...damaged.map(({ problem }) => problem), ...(inspection?.problems ?? [])];
  if (inspection !== undefined && all.length + overridable.length === 0) return inspection;
  throw new BackupError(
    damaged.length > 0 ? 'ARTIFACT_UNREADABLE' : 'RESTORE_REFUSED',
    refusalText(label, [...all, ...overridable]),
    { details: { source: label, problems: all, overridable } },
  );
}

/** Returns the message of a refused restore, with its problems as a list. */
export function refusalText(source: string, problems: readonly string[]): string {
  return `${source} is not restored, and nothing was changed:${problems.map((line) => `\n  - ${line}`).join('')}`;
}
