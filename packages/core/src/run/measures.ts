import type { Manifest } from '../manifest/manifest.ts';
import type { RunTimestamp } from '../naming/timestamp.ts';
import type { BackupSet } from '../sets/backup-set.ts';
import { setsElsewhere } from '../shrink/sets-elsewhere.ts';
import { chooseYardsticks, type Yardsticks } from '../shrink/yardsticks.ts';
import type { Phases } from './phases.ts';
import type { RunParts } from './run-parts.ts';

/** What a new set is compared with. */
export interface Measures {
  /** The newest complete set of before; undefined for a first one. */
  readonly former: Manifest | undefined;
  readonly yardsticks: Yardsticks;
}

export interface MeasuresRequest {
  readonly timestamp: RunTimestamp;
  readonly phases: Phases;
  readonly signal: AbortSignal;
}

/**
 * Finds what the new set is to be compared with: on the volume, or, where that has nothing of the database,
 * on a replica.
 */
export async function findMeasures(
  parts: RunParts,
  before: readonly BackupSet[],
  { timestamp, phases, signal }: MeasuresRequest,
): Promise<Measures> {
  const { database } = parts.producer;
  const ours = before.filter((set) => set.database === database);
  const measures = ours.some(({ state }) => state === 'complete')
    ? ours
    : await askReplicas(parts, phases, signal);
  const newest = ours[0];
  if (newest !== undefined && newest.timestamp > timestamp) {
    phases.warn(
      `the newest set (${newest.timestamp}) is younger than this run: check the clock of this machine`,
    );
  }
  return {
    former: measures.find(({ state }) => state === 'complete')?.manifest,
    yardsticks: chooseYardsticks(measures, { database, timestamp }),
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
