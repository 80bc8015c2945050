import type { Manifest } from './manifest.ts';
import type { CurrentState } from './state-file.ts';
import type { ArtifactKey } from './artifact-key.ts';
import type { ArtifactKind } from './artifact-name.ts';
import type { Tier } from './tier.ts';
import type { RunTimestamp } from './timestamp.ts';

/** All set states, from the best to the worst. */
export const SET_STATES = ['complete', 'legacy', 'suspicious', 'untrusted', 'bad', 'partial'] as const;

/**
 * State of a set.
 *
 * - `complete`: the manifest and every artifact that it names exist, with the right lengths;
 * - `legacy`: restorable but unverified, because a dump has no manifest. It may have an archive, or globals
 *   of pg_dumpall, as the backup container of GeoLens writes them;
 * - `suspicious`: complete, but with a size anomaly that no operator has accepted;
 * - `untrusted`: trusted keys are given, and none of them signed the set under this name;
 * - `bad`: complete, but a check found other bytes or rows than were backed up;
 * - `partial`: anything less.
 */
export type SetState = (typeof SET_STATES)[number];

/** An artifact of a set, as listed by its store. */
export interface SetArtifact {
  readonly key: ArtifactKey;
  readonly kind: ArtifactKind;
  /** Length in bytes. */
  readonly bytes: number;
  /** Tag as listed by the store. `undefined` if the store has no tags. */
  readonly tag?: string | undefined;
}

/**
 * All artifacts of one run in one tier of one store. The unit of listing, retention, verification and
 * restore.
 */
export interface BackupSet extends CurrentState {
  readonly tier: Tier;
  readonly timestamp: RunTimestamp;
  /** `undefined` if the set has neither a dump nor a manifest. */
  readonly database: string | undefined;
  readonly state: SetState;
  /** Why the set is partial, bad, untrusted or suspicious, and why its state file is ignored. One sentence each. */
  readonly problems: readonly string[];
  /** Existing artifacts in any order, without the state file. */
  readonly artifacts: readonly SetArtifact[];
  /** File with results from after the publication. `undefined` if there are none. */
  readonly stateFile?: SetArtifact | undefined;
  /** `undefined` if there is none, or it is not readable. */
  readonly manifest: Manifest | undefined;
  /**
   * Present if the store failed to read the manifest or the state file. The set then counts as partial, but
   * may have any state.
   */
  readonly unread?: true;
}

/** Returns whether the set counts as a backup: complete or legacy. */
export function isRestorable({ state }: Pick<BackupSet, 'state'>): boolean {
  return state === 'complete' || state === 'legacy';
}

/**
 * Returns whether the set has everything that its run made, as far as known. Includes backups, and sets with
 * a size anomaly.
 */
export function isWhole(set: Pick<BackupSet, 'state'>): boolean {
  return isRestorable(set) || set.state === 'suspicious';
}

/** Returns the total length of all artifacts in bytes. */
export function bytesOf(set: BackupSet): number {
  return set.artifacts.reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * Orders sets from the newest to the oldest by the timestamps in their names, and `daily` before `weekly`.
 */
export function newestFirst(one: BackupSet, other: BackupSet): number {
  return (
    compare(other.timestamp, one.timestamp) ||
    compare(one.tier, other.tier) ||
    compare(one.database ?? '', other.database ?? '')
  );
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
