import {
  bytesOf,
  TIERS,
  timestampToDate,
  type ArtifactKey,
  type BackupSet,
  type BackupError,
  type Checks,
  type Health,
  type JournalState,
  type Tier,
} from '@geolens/backup-core';
import { isWhole, lengthsOf, planReplication } from '@geolens/backup-core/internal';

/** State of a store at its last inspection. */
export interface StoreStatus {
  readonly name: string;
  /** Sets of the configured database, newest first. `undefined` if the store could not be read. */
  readonly sets: readonly BackupSet[] | undefined;
  readonly error: BackupError | undefined;
  readonly inspectedAt: Date;
}

/** Data of the page and the metrics. */
export interface Status {
  readonly now: Date;
  readonly database: string;
  readonly version: string;
  readonly health: Health;
  readonly journal: JournalState;
  /** The primary store first. Omits replicas that were not read yet. */
  readonly stores: readonly StoreStatus[];
  /** Names of all replicas, read or not. */
  readonly replicas: readonly string[];
  /** Schedule expression, as configured. `zone` is its time zone. */
  readonly schedule: string;
  readonly zone: string;
  readonly nextRunAt: Date | undefined;
  readonly nextRestoreTestAt: Date | undefined;
  /** Free bytes on the volume of the primary store. `undefined` if unknown. */
  readonly freeBytes: number | undefined;
  /** Number of sets to keep in each tier. */
  readonly retention: Readonly<Record<Tier, number>>;
  /** What is encrypted, and the fingerprints of the recipients. `undefined` if nothing is encrypted. */
  readonly encryption?:
    | { readonly mode: 'replicas' | 'all'; readonly recipients: readonly string[] }
    | undefined;
  /** How the operator types a command on the host. */
  readonly commandPrefix: string;
}

/** Free bytes of the disk, the sets on it, and how many sets it is to hold. */
interface Disk {
  /** Sets on the disk, newest first. */
  readonly sets: readonly BackupSet[];
  readonly freeBytes: number;
  readonly retention: Readonly<Record<Tier, number>>;
}

/**
 * Estimates the days until the sets fill the disk. First, sets of the present size fill the tiers. From then
 * on, only the growth from set to set counts, because retention removes as many sets as runs make.
 * @returns `undefined` if fewer than two daily sets exist; infinity if the sets do not grow
 */
export function daysLeft({ sets, freeBytes, retention }: Disk): number | undefined {
  const [daily, weekly] = TIERS.map((tier) => sets.filter((set) => set.tier === tier && isWhole(set)));
  const [newest, oldest] = [daily?.[0], daily?.at(-1)];
  if (daily === undefined || weekly === undefined || newest === undefined || oldest === undefined)
    return undefined;
  const span = timestampToDate(newest.timestamp).getTime() - timestampToDate(oldest.timestamp).getTime();
  if (span <= 0) return undefined;
  const perDay = ((daily.length - 1) * 86_400_000) / span;
  const [missingDaily, missingWeekly] = [retention.daily - daily.length, retention.weekly - weekly.length];
  const toFill = bytesOf(newest) * (Math.max(0, missingDaily) + Math.max(0, missingWeekly));
  if (toFill >= freeBytes) return freeBytes / (bytesOf(newest) * perDay);
  const growth = (bytesOf(newest) - bytesOf(oldest)) / (daily.length - 1);
  return growth <= 0
    ? Infinity
    : (freeBytes - toFill) / (growth * perDay * (retention.daily + retention.weekly));
}

/** Replication lag of a replica behind the primary store. */
interface ReplicationLag {
  /** Number of whole sets that the replica lacks in full or in part. */
  readonly sets: number;
  /** Time of the oldest of them. `undefined` if there are none. */
  readonly since: Date | undefined;
}

/** Returns the replication lag of a replica. `undefined` if one of the two stores could not be read. */
export function replicationLag(
  primary: StoreStatus | undefined,
  replica: StoreStatus,
  database: string,
): ReplicationLag | undefined {
  if (primary?.sets === undefined || replica.sets === undefined) return undefined;
  const lengths = new Map<ArtifactKey, number>(replica.sets.flatMap(lengthsOf));
  // Older versions wrote check results into the manifest of the copy, which made it longer.
  const missing = planReplication({ sets: primary.sets, replica: lengths, database }).filter(
    ({ contested, artifacts }) =>
      !contested || artifacts.some(({ artifact }) => artifact.kind !== 'manifest'),
  );
  return { sets: missing.length, since: missing.map(({ set }) => timestampToDate(set.timestamp)).at(-1) };
}

/**
 * Returns the time of the newest set, in any store, that has passed a check. `undefined` if there is none.
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
