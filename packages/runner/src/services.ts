import type {
  Archiver,
  ArtifactStore,
  DumpRestorer,
  OrphanCleaner,
  RestoreTester,
  RunJournal,
  RunParts,
  StagingRestorer,
} from '@geolens/backup-core';
import type { DiagnosticCheck, FileSources, Notifier, ServerProbe } from '@geolens/backup-core/internal';
import type { Config } from './config/config.ts';
import type { Io } from './io.ts';
import type { Logger, LogTail } from './present/logger.ts';
import type { Redact } from './present/redact.ts';

/** Operations that have a local report each. */
export type ReportedOperation = 'run' | 'restore' | 'restore-test';

/** Full messages of an operation, which can hold values from the database, in a file on the volume. */
interface LocalReport {
  readonly path: string;
  /** Runs the work and collects the messages that it shortens. */
  collect<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Writes the file. Without messages it resolves to `false`, and removes the file of the operation before if
   * this one came to its end.
   */
  save(ended: boolean): Promise<boolean>;
}

/** The parts that the composition root puts together. */
export interface Services extends RunParts {
  readonly archiver: Archiver;
  readonly journal: RunJournal;
  /** Every store that may hold sets, the primary one first. */
  readonly stores: readonly ArtifactStore[];
  readonly replicas: readonly ArtifactStore[];
  readonly files: FileSources;
  readonly restorer: DumpRestorer;
  readonly stagingRestorer: StagingRestorer;
  readonly cleaners: readonly OrphanCleaner[];
  readonly restoreTest: RestoreTester;
  /** Fails with CONFIG_INVALID if the file of assertions is configured and wrong. */
  readonly checkAssertions: () => Promise<void>;
  readonly probe: ServerProbe;
  /** Whoever looks at a part of the installation, in the order in which people ask. */
  readonly diagnosticChecks: readonly DiagnosticCheck[];
  /** How many bytes may still be written to the volume of a path. */
  readonly freeBytes: (path: string) => Promise<number>;
  /** Returns an empty local report. Secrets are taken out of its texts. */
  readonly reportOf: (operation: ReportedOperation, redact: Redact) => LocalReport;
  /** The channels that are notified of runs and restore tests. */
  readonly notifiers: readonly Notifier[];
  /**
   * Makes this process, and what it starts from then on, give way to all others. What the system does not
   * allow is left.
   */
  readonly lowerPriority: () => Promise<void>;
}

/** What every command gets. */
export interface CommandContext {
  readonly config: Config;
  readonly services: Services;
  readonly io: Io;
  readonly log: Logger;
  /** The last lines of the log. */
  readonly tail: LogTail;
  /** For texts that come from elsewhere and are printed; the log does it by itself. */
  readonly redact: Redact;
  /** Fires when the process is asked to end. */
  readonly signal: AbortSignal;
}
