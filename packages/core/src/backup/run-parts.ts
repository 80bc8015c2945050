import type { BackupError } from '../base/errors.ts';
import type { Manifest } from '../model/manifest.ts';
import type { ManifestSigner } from '../model/trust.ts';
import type { ArtifactStore } from '../ports/artifact-store.ts';
import type { Cipher } from '../ports/cipher.ts';
import type { Clock } from '../ports/clock.ts';
import type { RestoreTester } from '../ports/restore-tester.ts';
import type { Lock, LockOptions } from '../ports/lock.ts';
import type { RetentionPolicy } from '../ports/retention-policy.ts';
import type { RunJournal } from '../ports/run-journal.ts';
import type { OrphanCleaner } from '../ports/orphan-cleaner.ts';
import type { RunObserver } from '../progress/phases.ts';
import type { StallLimit } from '../progress/stall.ts';
import type { ProduceParts, VerifyLevel } from './produce.ts';

/** Dependencies of a run. */
export interface RunParts extends ProduceParts {
  readonly clock: Clock;
  readonly lock: Lock;
  /** Applied after the set is good, to the sets of this database. */
  readonly retention: RetentionPolicy;
  /** Journals the outcome of the run. `undefined` if no loop or `judgeHealth` reads it later. */
  readonly journal?: RunJournal | undefined;
  /** Further components that work under the same lock and may have died. */
  readonly cleaners?: readonly OrphanCleaner[] | undefined;
  /** Further stores that receive every set. */
  readonly replicas?: readonly ArtifactStore[] | undefined;
  /** Encrypts every new set of the primary store. `undefined` if they stay plain. */
  readonly cipher?: Cipher | undefined;
  /** Signs the manifest of every new set. `undefined` if they are not signed. */
  readonly signer?: ManifestSigner | undefined;
  /** Maximum time without progress of a phase. Defaults to no limit. */
  readonly stall?: StallLimit | undefined;
  /** Tests the restore of a new set. Required for the level `restore`. */
  readonly restoreTest?: RestoreTester | undefined;
}

/** Options of a run. */
export interface RunOptions {
  /** Version for the manifest. */
  readonly toolVersion: string;
  /** Defaults to `readable`. */
  readonly verify?: VerifyLevel | undefined;
  /**
   * Share of the median of the last complete sets below which the new set is suspicious. Defaults to 0.5; 0
   * disables it.
   */
  readonly sizeAnomalyThreshold?: number | undefined;
  /** Defaults to `fail`: LOCK_HELD at once if another process works on the volume. */
  readonly whenLockHeld?: LockOptions['whenHeld'];
  /** Called with every event of the run. */
  readonly observer?: RunObserver | undefined;
  /**
   * Removes secrets from a text. Messages of servers become warnings and thereby part of the manifest.
   * Defaults to no change.
   */
  readonly redact?: ((text: string) => string) | undefined;
  /**
   * Returns instructions for a restore of an encrypted set without this program. They are kept beside the
   * sets. Defaults to none.
   * @param recipients fingerprints
   */
  readonly instructions?: ((manifest: Manifest, recipients: readonly string[]) => string) | undefined;
  /** Returns the journal text of an error. Defaults to its message and hint. */
  readonly describeError?: ((error: BackupError) => string) | undefined;
  /** Stops the run: child processes end, drafts are discarded, and existing sets do not change. */
  readonly signal?: AbortSignal | undefined;
}
