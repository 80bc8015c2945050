import type { ArtifactStore } from '../ports/artifact-store.ts';
import type { BackupSet } from '../model/backup-set.ts';
import type { Phases } from '../progress/phases.ts';
import type { StagedUploads } from './staged-uploads.ts';

/** What is replicated, and where to. */
export interface ReplicateRequest {
  readonly primary: ArtifactStore;
  readonly replica: ArtifactStore;
  /** The sets of the primary, as they are now. */
  readonly sets: readonly BackupSet[];
  readonly database: string;
  readonly phases: Phases;
  /** What is there already, under no name yet. */
  readonly stagedUploads?: StagedUploads | undefined;
  /** Sets at most; 32 when absent. The others are left to the next runs. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}
