import { abortedBy, throwIfAborted, toBackupError, type BackupError } from '../base/errors.ts';
import type { ArtifactKey } from '../model/artifact-key.ts';
import { Phases } from '../progress/phases.ts';
import { StagedUploads } from '../replicate/staged-uploads.ts';
import type { RunOptions, RunParts } from './run-parts.ts';

/** What all stages of a run share: what they work with, and what they report besides their results. */
export class RunContext {
  readonly parts: RunParts;
  readonly options: RunOptions;
  readonly signal: AbortSignal;
  readonly phases: Phases;
  readonly stagedUploads: StagedUploads;
  readonly startedAt: Date;
  /** The first is what makes the run fail, if it does. */
  readonly errors: BackupError[] = [];
  /** What earlier work left over, and was removed. */
  readonly cleanedUp: string[] = [];
  /** What retention removed. */
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

  /** Runs a stage. Its failure is the first error of the run. */
  async stage<T>(work: () => Promise<T>): Promise<T | undefined> {
    return work().catch((error: unknown) => {
      this.note(error, 'unshift');
      return undefined;
    });
  }

  /** Runs work that comes after the set is good: its failure does not stop what follows. */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      throwIfAborted(this.signal);
      return await work();
    } catch (error) {
      this.note(error);
      return undefined;
    }
  }

  /** Notes an error. After an abort, notes the abort once instead. */
  note(error: unknown, where: 'push' | 'unshift' = 'push'): void {
    if (this.signal.aborted && this.isStopNoted) return;
    this.isStopNoted = this.signal.aborted;
    const failure = this.signal.aborted ? abortedBy(this.signal) : toBackupError(error);
    if (!this.errors.includes(failure)) this.errors[where](failure);
  }
}
