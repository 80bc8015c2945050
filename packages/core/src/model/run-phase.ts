import type { ArtifactKind } from './artifact-name.ts';
import type { Tier } from './tier.ts';

/**
 * The phases of a run, in their order. `produce` and `verify` are passed once for each artifact, side by
 * side, `staged-upload` once for each that is uploaded before its set is published, `replicate` once for each artifact
 * that was copied to another store.
 */
export type PhaseName =
  | 'clean-up'
  | 'snapshot'
  | 'produce'
  | 'verify'
  | 'staged-upload'
  | 'publish'
  | 'restore-test'
  | 'promote'
  | 'replicate'
  | 'retain';

/** Which phase, of those that a run passes. */
export interface PhaseId {
  readonly phase: PhaseName;
  /** Of phases that are passed once for each: which one. */
  readonly artifact?: ArtifactKind | undefined;
  /** Of `replicate`: the tier of the artifact. */
  readonly tier?: Tier | undefined;
}

/** A phase that ended well. */
export interface PhaseReport extends PhaseId {
  /** By the clock of the run. */
  readonly milliseconds: number;
  /** Bytes written or read, where the phase does such a thing. */
  readonly bytes?: number | undefined;
}
