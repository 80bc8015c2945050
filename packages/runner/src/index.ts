/**
 * The command `geolens-backup`, to be called from a program.
 *
 * @module @geolens/backup-runner
 */
export { runCli } from './cli.ts';
export type { CliOptions } from './io.ts';
export type { Io } from './io.ts';
