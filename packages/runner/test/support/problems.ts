import { isBackupError } from '@geolens/backup-core';
import { readConfig, type Config } from '../../src/config/config.ts';
import type { Environment } from '../../src/config/read-environment.ts';

/**
 * The message with which the configuration is refused; '' when it is accepted. Any other error goes through.
 */
export function refusal(env: Environment): string {
  try {
    readConfig(env);
    return '';
  } catch (error) {
    if (isBackupError(error, 'CONFIG_INVALID')) return error.message;
    throw error;
  }
}

/** What `config` prints of a variable. */
export function effective(config: Config, name: string): string | undefined {
  return config.effective.find((variable) => variable.name === name)?.value;
}
