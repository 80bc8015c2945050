import { toBackupError, type FinishedSwap } from '@geolens/backup-core';
import {
  logicalReplicationOf,
  NO_REPLICATION,
  quotedForMessage,
  type LogicalReplication,
} from './logical-replication.ts';
import { adviceOnSwap } from './logical-replication-advice.ts';
import { dropDatabase } from './aside-database.ts';
import type { Server } from './server.ts';

/** Drops the old database of a swap if requested and possible, and returns what remains to be done. */
export async function finishSwap(
  server: Server,
  database: string,
  previous: string | undefined,
  { drop }: { readonly drop: boolean },
): Promise<FinishedSwap> {
  const warnings: string[] = [];
  const read = (name: string): Promise<LogicalReplication> =>
    logicalReplicationOf(server, name).catch((error: unknown) => {
      warnings.push(notInspected(name, error));
      return NO_REPLICATION;
    });
  const old = previous === undefined ? NO_REPLICATION : await read(previous);
  const dropped = drop && previous !== undefined && (await isDropped(server, previous, warnings));
  const restored = await read(database);
  return {
    dropped,
    warnings: [...warnings, ...adviceOnSwap({ database, old, previous, dropped, restored })],
  };
}

/** Returns the warning that stands for what could not be read. */
export function notInspected(database: string, error: unknown): string {
  return `logical replication of database ${quotedForMessage(database)} could not be inspected: ${toBackupError(error).message}`;
}

/**
 * The server drops no database that has a subscription or an active replication slot. Both are the operator's
 * to remove: other servers depend on them.
 */
async function isDropped(server: Server, name: string, warnings: string[]): Promise<boolean> {
  try {
    await dropDatabase(server, name);
    return true;
  } catch (error) {
    const { slots, subscriptions } = await logicalReplicationOf(server, name).catch(() => NO_REPLICATION);
    if (subscriptions.length === 0 && !slots.some(({ active }) => active)) throw error;
    warnings.push(
      `database ${quotedForMessage(name)} is kept, because logical replication uses it: ${toBackupError(error).message}`,
    );
    return false;
  }
}
