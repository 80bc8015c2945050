import { BackupError } from '../errors.ts';
import type { Examination } from '../ports/dump-restorer.ts';
import type { DamagedArtifact } from './check-source.ts';

export interface Findings {
  readonly damaged: readonly DamagedArtifact[];
  /** `undefined` if the dump is damaged. */
  readonly examination: Examination | undefined;
  readonly problems: readonly string[];
  readonly doubts: readonly string[];
}

/**
 * Ends a restore that must not begin, with everything that stands in its way in one list.
 * @returns the examination of a dump that can be restored
 * @throws BackupError ARTIFACT_UNREADABLE when an artifact is damaged, RESTORE_REFUSED for anything else
 */
export function refuse(label: string, { damaged, examination, problems, doubts }: Findings): Examination {
  const all = [
    ...damaged.map(({ problem }) => problem),
    ...(examination?.problems ?? []),
    ...problems,
    ...doubts.map((doubt) => `${doubt} (--force restores it all the same)`),
  ];
  if (examination !== undefined && all.length === 0) return examination;
  const list = all.map((line) => `\n  - ${line}`).join('');
  throw new BackupError(
    damaged.length > 0 ? 'ARTIFACT_UNREADABLE' : 'RESTORE_REFUSED',
    `${label} is not restored, and nothing was changed:${list}`,
  );
}
