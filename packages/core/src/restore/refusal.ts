import { BackupError } from '../base/errors.ts';
import type { Inspection } from '../ports/dump-restorer.ts';
import type { DamagedArtifact } from './check-source.ts';

export interface DiagnosticResults {
  readonly damaged: readonly DamagedArtifact[];
  /** `undefined` if the dump is damaged. */
  readonly inspection: Inspection | undefined;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Ends a restore that must not begin, with everything that stands in its way in one list.
 * @returns the examination of a dump that can be restored
 * @throws BackupError ARTIFACT_UNREADABLE when an artifact is damaged, RESTORE_REFUSED for anything else
 */
export function refuse(
  label: string,
  { damaged, inspection, problems, warnings }: DiagnosticResults,
): Inspection {
  const all = [
    ...damaged.map(({ problem }) => problem),
    ...(inspection?.problems ?? []),
    ...problems,
    ...warnings.map((warning) => `${warning} (--force restores it all the same)`),
  ];
  if (inspection !== undefined && all.length === 0) return inspection;
  const list = all.map((line) => `\n  - ${line}`).join('');
  throw new BackupError(
    damaged.length > 0 ? 'ARTIFACT_UNREADABLE' : 'RESTORE_REFUSED',
    `${label} is not restored, and nothing was changed:${list}`,
  );
}
