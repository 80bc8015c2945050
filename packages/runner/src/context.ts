import { readFile } from 'node:fs/promises';
import { BackupError, errorText, toBackupError, type Secret } from '@geolens/backup-core';
import { readConfig, type Config } from './config/config.ts';
import { unlockIdentityFile } from './compose-encryption.ts';
import { compose } from './container.ts';
import { exitCodeOf } from './exit-code.ts';
import type { CliOptions, Io } from './io.ts';
import { describeError, failureJson } from './present/hints.ts';
import { createLogger, logError, LogTail } from './present/logger.ts';
import { redactor, withoutKeys } from './present/redact.ts';
import { jsonText } from './present/units.ts';
import type { CommandContext } from './services.ts';

/** How a command is executed. */
interface ExecuteOptions {
  /**
   * Whether to omit the replicas and the encryption. Loading them takes 0.1 seconds and 12 MB, too much for a
   * frequent health check.
   */
  readonly volumeOnly: boolean;
  /** Whether to print an error also to stdout as JSON, unless the command has printed its own result. */
  readonly json: boolean;
  /** File with the private keys of encrypted sets, `-` for standard input. Defaults to the configured ones. */
  readonly identityFile: string | undefined;
}

/**
 * Reads the configuration, composes the services, runs the command and returns its exit code. Reports all
 * errors: those of the configuration on stderr, the failure of a command in the log.
 */
export async function execute(
  command: (context: CommandContext) => Promise<number>,
  { env, io: output, signal }: CliOptions,
  { volumeOnly, json, identityFile }: ExecuteOptions,
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
    io.stderr(`geolens-backup: ${withoutKeys(describeError(error))}\n`);
    const failure = toBackupError(error);
    if (json) io.stdout(jsonText(failureJson(failure, withoutKeys)));
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
  try {
    const identities =
      identityFile === undefined ? config.identities : await readIdentities(identityFile, config, io, signal);
    const services = await compose({ ...config, identities }, { volumeOnly });
    return await command({ config, services, io, log, tail, redact, signal });
  } catch (error) {
    const failure = toBackupError(error);
    logError(log, 'command.failed', failure);
    if (!isPrinted) io.stdout(jsonText(failureJson(failure, redact)));
    return exitCodeOf(failure);
  }
}

/** Reads an identity file. Asks for its passphrase if it has one. */
async function readIdentities(
  path: string,
  { programEnv }: Config,
  { stdin = () => Promise.reject(new Error('there is no standard input')) }: Io,
  signal: AbortSignal,
): Promise<Secret> {
  if (withoutKeys(path) !== path)
    throw new BackupError('CONFIG_INVALID', '--identity-file is a private key, and not the path of one', {
      hint: 'Give - and enter the key on standard input. The arguments of a command are visible to others',
    });
  const file = await (path === '-' ? stdin() : readFile(path)).catch((cause: unknown) => {
    throw new BackupError('CONFIG_INVALID', `--identity-file ${path}: ${errorText(cause)}`, { cause });
  });
  return unlockIdentityFile(file, programEnv, signal);
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
