import {
  timestampToDate,
  type ArtifactKey,
  type BackupSet,
  type BackupError,
  type Checks,
  type Health,
  type JournalState,
} from '@geolens/backup-core';
import { planReplication } from '@geolens/backup-core/internal';

/** What one store had when it was last looked at. */
export interface StoreStatus {
  readonly name: string;
  /** The sets of our database, newest first; undefined when it could not be looked at. */
  readonly sets: readonly BackupSet[] | undefined;
  readonly error: BackupError | undefined;
  readonly inspectedAt: Date;
}

/** Everything that the page and the metrics tell. */
export interface Status {
  readonly now: Date;
  readonly database: string;
  readonly version: string;
  readonly health: Health;
  readonly journal: JournalState;
  /** The primary store first; a replica that was not looked at yet is left out. */
  readonly stores: readonly StoreStatus[];
  /** The names of the other stores that sets are copied to, looked at or not. */
  readonly replicas: readonly string[];
  /** The schedule as it was given, and the zone that it is read in. */
  readonly schedule: string;
  readonly zone: string;
  readonly nextRunAt: Date | undefined;
  readonly nextRestoreTestAt: Date | undefined;
}

/** How far a replica is behind the primary store. */
interface ReplicationLag {
  /** How many whole sets it lacks, or has in part. */
  readonly sets: number;
  /** The moment in the name of the oldest of them; undefined when it lacks none. */
  readonly since: Date | undefined;
}

/** What a replica lacks of the primary store; undefined where one of the two could not be looked at. */
export function replicationLag(
  primary: StoreStatus | undefined,
  replica: StoreStatus,
  database: string,
): ReplicationLag | undefined {
  if (primary?.sets === undefined || replica.sets === undefined) return undefined;
  const lengths = new Map<ArtifactKey, number>(
    replica.sets.flatMap(({ artifacts }) => artifacts.map(({ key, bytes }) => [key, bytes] as const)),
  );
  // Older versions wrote what a check found into the manifest of the copy, which made it longer than the
  // other: nothing is missing for it.
  const missing = planReplication({ sets: primary.sets, replica: lengths, database }).filter(
    ({ contested, artifacts }) =>
      !contested || artifacts.some(({ artifact }) => artifact.kind !== 'manifest'),
  );
  return { sets: missing.length, since: missing.map(({ set }) => timestampToDate(set.timestamp)).at(-1) };
}

/**
 * Returns the moment in the name of the newest set, in any store, that has passed a check; `undefined` if there
 * is none.
 */
export function newestChecked(stores: readonly StoreStatus[], check: keyof Checks): Date | undefined {
  const passed = stores
    .flatMap(({ sets }) => sets ?? [])
    .filter(
      ({ state, checks }) =>
        (state === 'complete' || state === 'suspicious') && checks[check]?.outcome === 'passed',
    )
    .map(({ timestamp }) => timestampToDate(timestamp));
  return passed.sort((one, other) => other.getTime() - one.getTime())[0];
}
