import type {
  Archiver,
  ArtifactStore,
  Cipher,
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

/** Operations that each have a local report. */
export type ReportedOperation = 'run' | 'restore' | 'restore-test';

/** File on the volume with the full messages of an operation. They can hold values from the database. */
interface LocalReport {
  readonly path: string;
  /** Runs the work and collects the messages that it shortens. */
  collect<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Writes the file. Without messages, returns `false` and removes the previous file if `ended` is `true`.
   */
  save(ended: boolean): Promise<boolean>;
}

/** Parts that the composition root creates. */
export interface Services extends RunParts {
  readonly archiver: Archiver;
  readonly journal: RunJournal;
  /** All stores that may hold sets, the primary one first. */
  readonly stores: readonly ArtifactStore[];
  /** The other stores as a run writes to them: they encrypt, if that is configured. */
  readonly replicas: readonly ArtifactStore[];
  /** Opens encrypted sets, if identities are given. `undefined` for commands that read the volume alone. */
  readonly readCipher: Cipher | undefined;
  /**
   * Checks the keys that a run needs: the recipients with the program that encrypts, and the signing key.
   * @throws BackupError CONFIG_INVALID if the program refuses a recipient, or the signing key is missing
   */
  readonly checkKeys: () => Promise<void>;
  readonly files: FileSources;
  readonly restorer: DumpRestorer;
  readonly stagingRestorer: StagingRestorer;
  readonly cleaners: readonly OrphanCleaner[];
  readonly restoreTest: RestoreTester;
  /**
   * Checks the file of assertions.
   * @throws BackupError CONFIG_INVALID if the file is configured and invalid
   */
  readonly checkAssertions: () => Promise<void>;
  readonly probe: ServerProbe;
  /** Diagnostic checks, in the order of the report. */
  readonly diagnosticChecks: readonly DiagnosticCheck[];
  /** Returns the number of free bytes on the volume of a path. */
  readonly freeBytes: (path: string) => Promise<number>;
  /** Returns an empty local report. `redact` removes secrets from its texts. */
  readonly reportOf: (operation: ReportedOperation, redact: Redact) => LocalReport;
  /** Channels that are notified of runs and checks. */
  readonly notifiers: readonly Notifier[];
  /**
   * Sets a low priority for this process and for its later child processes. Ignores what the system does not
   * allow.
   */
  readonly lowerPriority: () => Promise<void>;
}

/** Parameters of every command. */
export interface CommandContext {
  readonly config: Config;
  readonly services: Services;
  readonly io: Io;
  readonly log: Logger;
  /** Last lines of the log. */
  readonly tail: LogTail;
  /** Redacts foreign texts before they are printed. The log redacts its lines itself. */
  readonly redact: Redact;
  /** Aborts when the process must end. */
  readonly signal: AbortSignal;
}
