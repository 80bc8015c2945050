import { toBackupError } from '@geolens/backup-core';
import { readConfig, type Config } from './config/config.ts';
import { compose } from './container.ts';
import { exitCodeOf } from './exit-code.ts';
import type { CliOptions } from './io.ts';
import { describeError, failureJson } from './present/hints.ts';
import { createLogger, logError, LogTail } from './present/logger.ts';
import { redactor } from './present/redact.ts';
import { jsonText } from './present/units.ts';
import type { CommandContext } from './services.ts';

/**
 * Reads the configuration, composes the services, runs the command and returns its exit code. Reports all
 * errors: those of the configuration on stderr, the failure of a command in the log.
 * @param json also prints the error to stdout as JSON, unless the command has printed its own result
 * @param volumeOnly omits the replicas. Loading them takes 0.1 seconds and 12 MB, too much for a frequent
 * health check
 */
export async function execute(
  command: (context: CommandContext) => Promise<number>,
  { env, io: output, signal }: CliOptions,
  { volumeOnly, json }: { readonly volumeOnly: boolean; readonly json: boolean },
): Promise<number> {
  let isPrinted = !json;
  const stdout = (text: string): void => {
    isPrinted = true;
    output.stdout(text);
  };
  const io = { ...output, stdout };
  let config: Config;
  try {
    config = readConfig(env);
  } catch (error) {
    io.stderr(`geolens-backup: ${describeError(error)}\n`);
    const failure = toBackupError(error);
    if (json) io.stdout(jsonText(failureJson(failure)));
    return exitCodeOf(failure);
  }
  const redact = redactor(config.secrets, openTexts(config));
  const tail = new LogTail();
  const { logFormat: format, logLevel: level } = config;
  const write = (line: string): void => {
    io.stderr(line);
  };
  const log = createLogger({ tail, format, level, redact, write });
  for (const warning of config.warnings) log.warn('config.unknown_variable', warning);
  const services = await compose(volumeOnly ? { ...config, s3: undefined } : config);
  try {
    return await command({ config, services, io, log, tail, redact, signal });
  } catch (error) {
    const failure = toBackupError(error);
    logError(log, 'command.failed', failure);
    if (!isPrinted) io.stdout(jsonText(failureJson(failure, redact)));
    return exitCodeOf(failure);
  }
}

/** Returns names and paths that messages must show. */
function openTexts({ effective, connection }: Config): readonly string[] {
  return [
    connection.host,
    connection.user,
    connection.database,
    ...effective.flatMap(({ value }) => value ?? []),
  ];
}
