import type { Manifest } from '../model/manifest.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import { newestFirst, type BackupSet } from '../model/backup-set.ts';

/** How many former sets a new one is measured by. */
const BASELINE_SETS = 7;

/** What a new set is measured by. */
export interface SizeBaseline {
  /** The manifests of former sets, newest first. */
  readonly former: readonly Manifest[];
  /** The newest set that was accepted: none that is older is among them. To be written into the new set. */
  readonly acceptedSince: RunTimestamp | undefined;
}

/**
 * Chooses what a new set of a database is measured by: the newest complete sets, each once though it is in
 * two tiers. Where somebody has accepted one as what it should be, none that is older counts any more. The
 * accepted one may be gone by now, while weekly ones from before are not: so those after it say that it was.
 * Pure.
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
    // A set that was made while the clock was ahead is no reason to have no baseline once it is gone.
    acceptedSince: since !== undefined && since < of.timestamp ? since : undefined,
  };
}

function acceptanceOf({ timestamp, acceptedAt, manifest }: BackupSet): RunTimestamp | undefined {
  return acceptedAt === undefined ? manifest?.acceptedSince : timestamp;
}
