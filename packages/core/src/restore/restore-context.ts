import { throwIfAborted, toBackupError, type BackupError } from '../base/errors.ts';
import type { StallLimit } from '../progress/stall.ts';
import type { Archiver } from '../ports/archiver.ts';
import type { Clock } from '../ports/clock.ts';
import type { DumpProducer } from '../ports/dump-producer.ts';
import type { DumpRestorer, Inspection, RestoreMode, RestorerEvent } from '../ports/dump-restorer.ts';
import type { Lock } from '../ports/lock.ts';
import type { PrimaryStore } from '../ports/primary-store.ts';
import type { SetCopy } from '../ports/set-copy.ts';
import type { StagingRestorer } from '../ports/staging-restorer.ts';
import type { RestorePlan, RestoreReport } from './restore-report.ts';

/** Everything that a restore works with. */
export interface RestoreParts {
  readonly restorer: DumpRestorer;
  readonly stagingRestorer: StagingRestorer;
  /** They check the artifacts. */
  readonly producer: Pick<DumpProducer, 'check'>;
  readonly archiver: Pick<Archiver, 'check'>;
  /** Takes in what comes from elsewhere. */
  readonly primary: PrimaryStore;
  readonly lock: Lock;
  readonly clock: Clock;
  /** How long a reading of the source may wait for a chunk; without end when absent. */
  readonly stall?: StallLimit | undefined;
}

/** What is restored, how, and where to. */
export interface RestoreRequest {
  readonly source: SetCopy;
  readonly mode: RestoreMode;
  /** The database that is to have the content of the dump. */
  readonly database: string;
  /** The folder that is to have the content of the archive; undefined leaves files alone. */
  readonly stagingTo: string | undefined;
  /** Remove what was there before, once all is well. */
  readonly dropPrevious: boolean;
  /** Look and check, and change nothing; needs no lock. */
  readonly dryRun: boolean;
  /** Go on in spite of doubts; never in spite of problems. */
  readonly force: boolean;
  /** Give roles that are made all the privileges that the set names, although it is not trusted. */
  readonly allowPrivilegedRoles: boolean;
  /** Restores everything else if objects cannot be made, and lists them. Defaults to false. */
  readonly keepGoing?: boolean | undefined;
}

/** Who is told, and asked, while a restore goes on. */
export interface RestoreOptions {
  readonly signal: AbortSignal;
  /** Told of each step, and how far it is. */
  readonly observer?: ((event: RestorerEvent) => void) | undefined;
  /** Asked before anything is changed; a `false` ends the restore. */
  readonly confirm?: ((plan: RestorePlan) => Promise<boolean>) | undefined;
}

/** What all stages of a restore share: what they work with, and what they report besides their results. */
export class RestoreContext {
  readonly parts: RestoreParts;
  readonly request: RestoreRequest;
  readonly options: RestoreOptions;
  readonly signal: AbortSignal;
  readonly recovered: string[] = [];
  readonly warnings: string[] = [];
  /** Failures of the files: the database is restored without them. */
  readonly errors: BackupError[] = [];
  private readonly startedAt: Date;

  constructor(parts: RestoreParts, request: RestoreRequest, options: RestoreOptions, signal: AbortSignal) {
    this.parts = parts;
    this.request = request;
    this.options = options;
    this.signal = signal;
    this.startedAt = parts.clock.now();
  }

  /** Does what belongs to the files. Failures are noted; only an abort ends the restore. */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    return work().catch(this.noteError);
  }

  readonly noteError = (error: unknown): undefined => {
    throwIfAborted(this.signal);
    this.errors.push(toBackupError(error));
  };

  step(step: string): void {
    this.options.observer?.({ event: 'step', step });
  }

  report(
    outcome: RestoreReport['outcome'],
    { serverVersion, dumpVersion, exists }: Inspection,
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
      ...{ outcome, source, mode, database, stagingTo, exists, serverVersion, dumpVersion },
      ...{ recovered, warnings, errors, startedAt },
      finishedAt: this.parts.clock.now(),
      ...done,
    };
  }
}
