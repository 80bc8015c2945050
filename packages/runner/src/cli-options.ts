import type { Environment } from './config/read-environment.ts';
import type { Io } from './io.ts';

/** What the process gives to the command line. */
export interface CliOptions {
  /** All variables that there are: nothing of the process’s own is read. */
  readonly env: Environment;
  /** Where the command writes, and whom it asks. */
  readonly io: Io;
  /** Fires when the process is asked to end. */
  readonly signal: AbortSignal;
}
