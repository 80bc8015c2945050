import { toBackupError, type BackupError } from '@geolens/backup-core';
import type { CliOptions } from './io.ts';
import { readConfig, type Config } from './config/config.ts';
import { compose } from './container.ts';
import { exitCodeOf, type ExitCode } from './exit-code.ts';
import { createLogger, logError, LogTail } from './present/logger.ts';
import { describeError } from './present/hints.ts';
import { redactor } from './present/redact.ts';
import type { CommandContext } from './services.ts';

type OpenedContext =
  | { readonly context: CommandContext; readonly report: (error: BackupError) => void }
  | { readonly exitCode: ExitCode };

interface ContextOptions extends CliOptions {
  /**
   * Leave the replicas out: to load what they need takes a tenth of a second and 12 MB, which a health check
   * every other minute need not.
   */
  readonly volumeOnly?: boolean;
}

/**
 * Reads the configuration and makes what a command works with; a wrong configuration is told on stderr, all
 * of it.
 */
export async function openContext({
  env,
  io,
  signal,
  volumeOnly = false,
}: ContextOptions): Promise<OpenedContext> {
  let config: Config;
  try {
    config = readConfig(env);
  } catch (error) {
    io.stderr(`geolens-backup: ${describeError(error)}\n`);
    return { exitCode: exitCodeOf(toBackupError(error)) };
  }
  const redact = redactor(config.secrets, openTexts(config));
  const tail = new LogTail();
  const log = createLogger({
    tail,
    format: config.logFormat,
    level: config.logLevel,
    redact,
    write: (line) => {
      io.stderr(line);
    },
  });
  for (const warning of config.warnings) log.warn('config.unknown_variable', warning);
  const context = {
    config,
    services: await compose(volumeOnly ? { ...config, s3: undefined } : config),
    io,
    log,
    tail,
    redact,
    signal,
  };
  return {
    context,
    report: (error) => {
      logError(log, 'command.failed', error);
    },
  };
}

/** Names and paths that messages have to show. */
function openTexts({ effective, connection }: Config): readonly string[] {
  return [
    connection.host,
    connection.user,
    connection.database,
    ...effective.flatMap(({ value }) => value ?? []),
  ];
}
