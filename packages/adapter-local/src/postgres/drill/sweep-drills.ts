import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isBackupError, throwIfAborted } from '@geolens/backup-core';
import { FlockLock } from '../../lock/flock-lock.ts';
import type { ProgramEnvironment } from '../../programs/program.ts';
import { lstatIfThere } from '../../lstat-if-there.ts';
import { drillPaths } from './drill-folder.ts';
import { drillOf, lockOf } from './drill-names.ts';
import { removeDrill, untilStill } from './remove-drill.ts';

/** A lock without a folder that is younger belongs to a drill that is just being made. */
const BEING_MADE_MS = 60_000;

/**
 * Removes what drills of this user that died have left in a folder. Living ones are known by their lock, whatever process,
 * or container on the same volume, they are in.
 */
export async function sweepDrills(parent: string, env: ProgramEnvironment, signal?: AbortSignal): Promise<readonly string[]> {
  const names = await readdir(parent).catch(() => []);
  const removed: string[] = [];
  for (const drill of new Set(names.flatMap((name) => drillOf(name) ?? []))) {
    throwIfAborted(signal);
    if (await sweepOne(join(parent, drill), env, signal)) removed.push(`${join(parent, drill)}, of a drill that was cut off`);
  }
  return removed;
}

async function sweepOne(path: string, env: ProgramEnvironment, signal: AbortSignal | undefined): Promise<boolean> {
  const [folder, lock] = [await lstatIfThere(path), await lstatIfThere(lockOf(path))];
  // Anybody may put something of this name into /tmp.
  if ([folder, lock].some((entry) => entry !== undefined && (entry.isSymbolicLink() || entry.uid !== process.geteuid?.()))) return false;
  if (folder === undefined && lock !== undefined && Date.now() - lock.mtimeMs < BEING_MADE_MS) return false;
  const lease = await new FlockLock(lockOf(path), env).acquire({ command: 'sweep' }, { signal }).catch((error: unknown) => {
    throwIfAborted(signal);
    if (isBackupError(error, 'LOCK_HELD', 'STORE_UNAVAILABLE')) return undefined;
    throw error;
  });
  if (lease === undefined) return false;
  try {
    const left = (await lstatIfThere(path)) !== undefined; // it may have come to its end meanwhile
    const paths = drillPaths(path);
    await untilStill(paths, env);
    await removeDrill(paths, env);
    await rm(lockOf(path), { force: true });
    return left;
  } catch {
    return false; // it stays for the next sweep; whoever sweeps has more to do than this
  } finally {
    await lease.release();
  }
}
