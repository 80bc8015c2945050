/**
 * The command `geolens-backup`, to be called from a program.
 *
 * @module @geolens/backup-runner
 */
export { runCli, type CliOptions } from './cli.ts';
export type { Io } from './io.ts';
