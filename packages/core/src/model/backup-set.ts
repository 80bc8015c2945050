import type { Manifest } from './manifest.ts';
import type { CurrentState } from './state-file.ts';
import type { ArtifactKey } from './artifact-key.ts';
import type { ArtifactKind } from './artifact-name.ts';
import type { Tier } from './tier.ts';
import type { RunTimestamp } from './timestamp.ts';

/** From the best to the worst. */
export const SET_STATES = ['complete', 'legacy', 'suspicious', 'bad', 'partial'] as const;

/**
 * - `complete`: the manifest is there, and every artifact that it names, with its length;
 * - `legacy`: a dump without a manifest, alone, with an archive, with globals of pg_dumpall, as GeoLens's own
 *   backup container writes them:
 *   whole and restorable, unverified;
 * - `suspicious`: complete, but much smaller than those before it, and not accepted;
 * - `bad`: as complete, but a check found other bytes or rows than were backed up;
 * - `partial`: anything less.
 */
export type SetState = (typeof SET_STATES)[number];

/** An artifact of a set, as its store lists it. */
export interface SetArtifact {
  readonly key: ArtifactKey;
  readonly kind: ArtifactKind;
  /** Length in bytes. */
  readonly bytes: number;
  /** As the store lists it. */
  readonly tag?: string | undefined;
}

/**
 * All artifacts of one run in one tier of one store: the unit that is listed, kept, pruned, verified and
 * restored.
 */
export interface BackupSet extends CurrentState {
  readonly tier: Tier;
  readonly timestamp: RunTimestamp;
  /** Undefined when there is neither a dump nor a manifest to tell. */
  readonly database: string | undefined;
  readonly state: SetState;
  /** Why it is partial, bad or suspicious, and why its state file is ignored; one sentence each. */
  readonly problems: readonly string[];
  /** Those that are there, in no order, without the state file. */
  readonly artifacts: readonly SetArtifact[];
  /** What was learnt after publication is in this file. Absent if nothing was. */
  readonly stateFile?: SetArtifact | undefined;
  /** Undefined where there is none, or it cannot be read. */
  readonly manifest: Manifest | undefined;
  /** The store failed to read its manifest or its state file: it is shown as partial, and may be anything. */
  readonly unread?: true;
}

/** Whether the set counts as a backup: complete or legacy. */
export function isRestorable({ state }: Pick<BackupSet, 'state'>): boolean {
  return state === 'complete' || state === 'legacy';
}

/**
 * Whether the set is all that its run made, as far as is known: a backup, or one that is only smaller than
 * expected.
 */
export function isWhole(set: Pick<BackupSet, 'state'>): boolean {
  return isRestorable(set) || set.state === 'suspicious';
}

/** Length of all artifacts together, in bytes. */
export function bytesOf(set: BackupSet): number {
  return set.artifacts.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Orders sets from the newest to the oldest by the timestamp in their names; `daily` before `weekly`. */
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
