import { BackupError } from '../errors.ts';
import type { DamagedArtifact } from './check-source.ts';

export interface Findings {
  readonly damaged: readonly DamagedArtifact[];
  readonly problems: readonly string[];
  readonly doubts: readonly string[];
}

/**
 * Ends a restore that must not begin, with everything that stands in its way in one list.
 * @throws BackupError ARTIFACT_UNREADABLE when an artifact is damaged, RESTORE_REFUSED for anything else
 */
export function refuse(label: string, { damaged, problems, doubts }: Findings): void {
  const all = [
    ...damaged.map(({ problem }) => problem),
    ...problems,
    ...doubts.map((doubt) => `${doubt} (--force restores it all the same)`),
  ];
  if (all.length === 0) return;
  const list = all.map((line) => `\n  - ${line}`).join('');
  throw new BackupError(
    damaged.length > 0 ? 'ARTIFACT_UNREADABLE' : 'RESTORE_REFUSED',
    `${label} is not restored, and nothing was changed:${list}`,
  );
}
