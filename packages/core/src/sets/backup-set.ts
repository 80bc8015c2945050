import type { Manifest } from '../manifest/manifest.ts';
import type { ArtifactKey } from '../naming/artifact-key.ts';
import type { ArtifactKind } from '../naming/artifact-name.ts';
import type { Tier } from '../naming/tier.ts';
import type { RunTimestamp } from '../naming/timestamp.ts';

/**
 * - `complete`: the manifest is there, and every artifact that it names, with its length;
 * - `legacy`: a dump with neither manifest nor globals, as GeoLens's own backup container writes it: restorable, unverified;
 * - `partial`: anything less.
 */
export type SetState = 'complete' | 'legacy' | 'partial';

export interface SetArtifact {
  readonly key: ArtifactKey;
  readonly kind: ArtifactKind;
  /** Length in bytes. */
  readonly bytes: number;
}

/** All artifacts of one run in one tier of one store: the unit that is listed, kept, pruned, verified and restored. */
export interface BackupSet {
  readonly tier: Tier;
  readonly timestamp: RunTimestamp;
  /** Undefined when there is neither a dump nor a manifest to tell. */
  readonly database: string | undefined;
  readonly state: SetState;
  /** Why it is partial, one sentence each. */
  readonly problems: readonly string[];
  readonly artifacts: readonly SetArtifact[];
  readonly manifest: Manifest | undefined;
}

/** Whether the set counts as a backup: complete or legacy. */
export function isRestorable(set: BackupSet): boolean {
  return set.state === 'complete' || set.state === 'legacy';
}

/** Length of all artifacts together, in bytes. */
export function bytesOf(set: BackupSet): number {
  return set.artifacts.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Orders sets from the newest to the oldest by the timestamp in their names; `daily` before `weekly`. */
export function newestFirst(one: BackupSet, other: BackupSet): number {
  return compare(other.timestamp, one.timestamp) || compare(one.tier, other.tier) || compare(one.database ?? '', other.database ?? '');
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
