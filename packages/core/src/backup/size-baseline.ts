import type { Manifest } from '../model/manifest.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import { newestFirst, type BackupSet } from '../model/backup-set.ts';

/** Maximum number of sets in a baseline. */
const BASELINE_SETS = 7;

/** Baseline for the size of a new set. */
export interface SizeBaseline {
  /** Manifests of previous sets, newest first. */
  readonly former: readonly Manifest[];
  /**
   * The newest accepted set, which excludes all older ones. The new set records it. `undefined` if there is
   * none.
   */
  readonly acceptedSince: RunTimestamp | undefined;
}

/**
 * Chooses the baseline of a new set of a database: its newest complete sets. A set in two tiers counts once.
 * Excludes all sets older than the newest accepted one. The accepted set may be removed while older weekly
 * sets remain, so every later set records it. Pure.
 */
export function chooseSizeBaseline(
  sets: readonly BackupSet[],
  of: { readonly database: string; readonly timestamp: RunTimestamp },
): SizeBaseline {
  const complete = sets
    .filter(({ database, state }) => database === of.database && state === 'complete')
    .sort(newestFirst);
  const former = [
    ...new Map(
      complete.flatMap(({ timestamp, manifest }) =>
        manifest === undefined ? [] : [[timestamp, manifest] as const],
      ),
    ).values(),
  ];
  const since = complete
    .map(acceptanceOf)
    .reduce((one, other) => ((other ?? '') > (one ?? '') ? other : one), undefined);
  return {
    former: former.filter(({ timestamp }) => timestamp >= (since ?? '')).slice(0, BASELINE_SETS),
    // A set made while the clock was ahead must not leave later sets without a baseline after its removal.
    acceptedSince: since !== undefined && since < of.timestamp ? since : undefined,
  };
}

function acceptanceOf({ timestamp, acceptedAt, manifest }: BackupSet): RunTimestamp | undefined {
  return acceptedAt === undefined ? manifest?.acceptedSince : timestamp;
}
