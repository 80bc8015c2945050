export { runCli, type CliOptions } from './cli.ts';
export type { Io } from './io.ts';
