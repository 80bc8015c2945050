import { throwIfAborted, toBackupError, type BackupError } from '../base/errors.ts';
import type { StallLimit } from '../progress/stall.ts';
import type { Archiver } from '../ports/archiver.ts';
import type { Clock } from '../ports/clock.ts';
import type { DumpProducer } from '../ports/dump-producer.ts';
import type { DumpRestorer, RestoreMode, RestorerEvent } from '../ports/dump-restorer.ts';
import type { Lock } from '../ports/lock.ts';
import type { PrimaryStore } from '../ports/primary-store.ts';
import type { SetCopy } from '../ports/set-copy.ts';
import type { StagingRestorer } from '../ports/staging-restorer.ts';
import { watchReading } from '../catalog/watch-reading.ts';
import type { FilesMode, RestorePlan, RestoreReport } from './restore-report.ts';

/** Dependencies of a restore. */
export interface RestoreParts {
  readonly restorer: DumpRestorer;
  readonly stagingRestorer: StagingRestorer;
  /** Checks the artifacts. */
  readonly producer: Pick<DumpProducer, 'check'>;
  readonly archiver: Pick<Archiver, 'check'>;
  /** Stores fetched artifacts. */
  readonly primary: PrimaryStore;
  readonly lock: Lock;
  readonly clock: Clock;
  /** Maximum wait for a chunk of the source. Defaults to no limit. */
  readonly stall?: StallLimit | undefined;
}

/** Source, target and options of a restore. */
export interface RestoreRequest {
  readonly source: SetCopy;
  readonly mode: RestoreMode | FilesMode;
  /** Name of the target database. */
  readonly database: string;
  /** Target folder of the archive. `undefined` if files are not restored. */
  readonly stagingTo: string | undefined;
  /** Whether to remove the previous content after a successful restore. */
  readonly dropPrevious: boolean;
  /** Whether to inspect and check without changes. Needs no lock. */
  readonly dryRun: boolean;
  /** Whether to continue despite warnings. Problems always stop the restore. */
  readonly force: boolean;
  /** Whether created roles get all privileges that the set names, although the set is not trusted. */
  readonly allowPrivilegedRoles: boolean;
  /** Whether the restore continues if objects cannot be created, and lists them. Defaults to false. */
  readonly keepGoing?: boolean | undefined;
}

/** Callbacks of a restore. */
export interface RestoreOptions {
  readonly signal: AbortSignal;
  /** Called for each step and its progress. */
  readonly observer?: ((event: RestorerEvent) => void) | undefined;
  /** Called before the first change. A result of `false` ends the restore. */
  readonly confirm?: ((plan: RestorePlan) => Promise<boolean>) | undefined;
}

/**
 * Shared state of all stages of a restore: the dependencies, and what the stages report besides their
 * results.
 */
export class RestoreContext {
  readonly parts: RestoreParts;
  readonly request: RestoreRequest;
  readonly options: RestoreOptions;
  readonly signal: AbortSignal;
  readonly recovered: string[] = [];
  readonly warnings: string[] = [];
  /** Failures of the files. The database is restored without them. */
  readonly errors: BackupError[] = [];
  private readonly startedAt: Date;
  private current = '';

  constructor(parts: RestoreParts, request: RestoreRequest, options: RestoreOptions, signal: AbortSignal) {
    this.parts = parts;
    this.request = request;
    this.options = options;
    this.signal = signal;
    this.startedAt = parts.clock.now();
  }

  /** Runs work on the files. Records failures; only an abort ends the restore. */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    return work().catch(this.noteError);
  }

  readonly noteError = (error: unknown): undefined => {
    throwIfAborted(this.signal);
    this.errors.push(toBackupError(error));
  };

  step(step: string): void {
    this.current = step;
    this.options.observer?.({ event: 'step', step });
  }

  /**
   * Returns the copy with reads that report progress while the step lasts.
   * @param passes number of times that the step reads the artifacts
   */
  watch(copy: SetCopy, step: string, passes = 1): SetCopy {
    const { clock } = this.parts;
    const observer = (event: RestorerEvent): void => {
      if (this.current === step) this.options.observer?.(event);
    };
    const limits = { clock, bytesPerSecond: undefined, stall: undefined, signal: this.signal };
    return watchReading(copy, { ...limits, observer, step, passes });
  }

  report(
    outcome: RestoreReport['outcome'],
    {
      serverVersion,
      dumpVersion,
      exists,
      liveRows,
    }: Pick<RestoreReport, 'serverVersion' | 'dumpVersion' | 'exists' | 'liveRows'>,
    done: Partial<RestoreReport>,
  ): RestoreReport {
    const { source, mode, database, stagingTo } = this.request;
    const { recovered, warnings, errors, startedAt } = this;
    return {
      restored: undefined,
      previous: undefined,
      previousStaging: undefined,
      members: undefined,
      filesLeftOut: [],
      ...{ outcome, source, mode, database, stagingTo, exists, liveRows, serverVersion, dumpVersion },
      ...{ recovered, warnings, errors, startedAt },
      finishedAt: this.parts.clock.now(),
      ...done,
    };
  }
}

/** Completes or undoes a restore of files that died. */
export async function recoverFiles(
  { parts, recovered, warnings }: RestoreContext,
  folder: string,
): Promise<void> {
  const onWarning = (message: string): void => void warnings.push(message);
  recovered.push(...(await parts.stagingRestorer.recover(folder, { onWarning })));
}
