import type { ArtifactKind } from './artifact-name.ts';
import type { Tier } from './tier.ts';

/**
 * Phases of a run, in order. Several occur once per artifact: `produce` and `verify` concurrently, `encrypt`
 * for each artifact of a set that the volume keeps encrypted, `staged-upload` for each artifact uploaded before the publication, `replicate` for each copied artifact.
 */
export type PhaseName =
  | 'clean-up'
  | 'snapshot'
  | 'produce'
  | 'verify'
  | 'encrypt'
  | 'staged-upload'
  | 'publish'
  | 'restore-test'
  | 'promote'
  | 'replicate'
  | 'retain';

/** Identifies a phase of a run. */
export interface PhaseId {
  readonly phase: PhaseName;
  /** For a phase that occurs once per artifact: the artifact. */
  readonly artifact?: ArtifactKind | undefined;
  /** For `replicate`: the tier of the artifact. */
  readonly tier?: Tier | undefined;
}

/** A phase that ended successfully. */
export interface PhaseReport extends PhaseId {
  /** Duration by the clock of the run. */
  readonly milliseconds: number;
  /** Bytes written or read. `undefined` if the phase transfers none. */
  readonly bytes?: number | undefined;
}
