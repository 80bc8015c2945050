import type { ProgramEnvironment } from '@geolens/backup-system';
import { majorOf } from './queries.ts';

/**
 * Servers from this version on notice by themselves that a client is gone, also while it waits for a lock.
 */
const FIRST_WITH_CONNECTION_CHECK = 14;

/**
 * The environment of a client program for a server, which is to end its session soon after the program was
 * killed.
 */
export function watched(env: ProgramEnvironment, serverVersion: string): ProgramEnvironment {
  if (majorOf(serverVersion) < FIRST_WITH_CONNECTION_CHECK) return env;
  return { ...env, PGOPTIONS: `${env['PGOPTIONS'] ?? ''} -c client_connection_check_interval=2s`.trim() };
}
