import { abortedBy, throwIfAborted, toBackupError, type BackupError } from '../base/errors.ts';
import type { ArtifactKey } from '../model/artifact-key.ts';
import { Phases } from '../progress/phases.ts';
import { StagedUploads } from '../replicate/staged-uploads.ts';
import type { RunOptions, RunParts } from './run-parts.ts';

/**
 * Shared state of all stages of a run: the dependencies, and what the stages report besides their results.
 */
export class RunContext {
  readonly parts: RunParts;
  readonly options: RunOptions;
  readonly signal: AbortSignal;
  readonly phases: Phases;
  readonly stagedUploads: StagedUploads;
  readonly startedAt: Date;
  /** Errors of the run. The first one causes the failure of a failed run. */
  readonly errors: BackupError[] = [];
  /** Descriptions of removed orphans. */
  readonly cleanedUp: string[] = [];
  /** Keys that retention removed. */
  readonly removed: ArtifactKey[] = [];
  private isStopNoted = false;

  constructor(parts: RunParts, options: RunOptions, signal: AbortSignal) {
    this.parts = parts;
    this.options = options;
    this.signal = signal;
    this.phases = new Phases(parts.clock, options.observer, options.redact, parts.stall);
    this.stagedUploads = new StagedUploads(parts.replicas ?? [], { phases: this.phases, signal });
    this.startedAt = parts.clock.now();
  }

  get database(): string {
    return this.parts.producer.database;
  }

  /** Runs a stage. Its failure becomes the first error of the run. */
  async stage<T>(work: () => Promise<T>): Promise<T | undefined> {
    return work().catch((error: unknown) => {
      this.note(error, 'unshift');
      return undefined;
    });
  }

  /** Runs work after the set is good. Its failure does not stop the next work. */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      throwIfAborted(this.signal);
      return await work();
    } catch (error) {
      this.note(error);
      return undefined;
    }
  }

  /** Records an error. After an abort, records the abort once instead. */
  note(error: unknown, where: 'push' | 'unshift' = 'push'): void {
    if (this.signal.aborted && this.isStopNoted) return;
    this.isStopNoted = this.signal.aborted;
    const failure = this.signal.aborted ? abortedBy(this.signal) : toBackupError(error);
    if (!this.errors.includes(failure)) this.errors[where](failure);
  }
}
