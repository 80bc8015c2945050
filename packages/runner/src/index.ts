/**
 * Entry point of the command `geolens-backup` for programs.
 *
 * @module @geolens/backup-runner
 */
export { runCli } from './cli.ts';
export type { CliOptions } from './io.ts';
export type { Io } from './io.ts';
