import type { Manifest } from '../model/manifest.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import type { BackupSet } from '../model/backup-set.ts';
import { setsElsewhere } from './sets-elsewhere.ts';
import { chooseSizeBaseline, type SizeBaseline } from './size-baseline.ts';
import type { Phases } from '../progress/phases.ts';
import type { RunParts } from './run-parts.ts';

/** What a new set is compared with. */
export interface Baseline {
  /** The newest complete set of before; undefined for a first one. */
  readonly former: Manifest | undefined;
  readonly sizeBaseline: SizeBaseline;
}

export interface BaselineRequest {
  readonly timestamp: RunTimestamp;
  readonly phases: Phases;
  readonly signal: AbortSignal;
}

/**
 * Finds what the new set is to be compared with: on the volume, or, where that has nothing of the database,
 * on a replica.
 */
export async function findBaseline(
  parts: RunParts,
  before: readonly BackupSet[],
  { timestamp, phases, signal }: BaselineRequest,
): Promise<Baseline> {
  const { database } = parts.producer;
  const ours = before.filter((set) => set.database === database);
  const baseline = ours.some(({ state }) => state === 'complete')
    ? ours
    : await askReplicas(parts, phases, signal);
  const newest = ours[0];
  if (newest !== undefined && newest.timestamp > timestamp) {
    phases.warn(
      `the newest set (${newest.timestamp}) is younger than this run: check the clock of this machine`,
    );
  }
  return {
    former: baseline.find(({ state }) => state === 'complete')?.manifest,
    sizeBaseline: chooseSizeBaseline(baseline, { database, timestamp }),
  };
}

async function askReplicas(
  { replicas = [], producer }: RunParts,
  phases: Phases,
  signal: AbortSignal,
): Promise<readonly BackupSet[]> {
  const { sets, problems } = await setsElsewhere(replicas, producer.database, signal);
  for (const problem of problems) phases.warn(problem);
  return sets;
}
