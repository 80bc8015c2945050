import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { BackupError, isBackupError, throwIfAborted, toBackupError } from '@geolens/backup-core';
import { FlockLock, type ProgramEnvironment, lstatIfThere } from '@geolens/backup-system';
import { restoreTestPaths, type RestoreTestPaths, restoreTestOf, lockOf } from './restore-test-paths.ts';
import { removeRestoreTest, untilStill } from './remove-restore-test.ts';
import { findAccounts, findFormerAccounts, type Account, lockAccount } from './account.ts';
import { endProcessesOf } from './account-processes.ts';

/** Milliseconds during which a lock without a folder belongs to a restore test that is starting. */
const BEING_MADE_MS = 60_000;

/** Milliseconds to wait for an account: processes of a dead restore test end by themselves. */
const PATIENCE_MS = 10_000;

const POLL_MS = 100;

/**
 * Removes what dead restore tests of this user left in these folders. A live restore test holds its lock, in
 * any process or container on the same volume.
 * @throws BackupError STORE_FAILED if an entry could not be removed, after all others were
 */
export async function cleanUpRestoreTests(
  parents: readonly string[],
  env: ProgramEnvironment,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const [removed, failed]: [string[], string[]] = [[], []];
  for (const path of new Set((await Promise.all(parents.map(restoreTestsIn))).flat())) {
    throwIfAborted(signal);
    try {
      if (await cleanUpOne(path, env, signal)) removed.push(`${path}, of a restore test that was cut off`);
    } catch (error) {
      throwIfAborted(signal);
      failed.push(toBackupError(error).message);
    }
  }
  if (failed.length > 0) throw new BackupError('STORE_FAILED', failed.join('; '));
  return removed;
}

async function restoreTestsIn(parent: string): Promise<readonly string[]> {
  const names = await readdir(parent).catch(() => []);
  return names.flatMap((name) => restoreTestOf(name) ?? []).map((name) => join(parent, name));
}

async function cleanUpOne(
  path: string,
  env: ProgramEnvironment,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const [folder, lock] = [await lstatIfThere(path), await lstatIfThere(lockOf(path))];
  // Other users may put entries with such a name into /tmp.
  if (
    [folder, lock].some(
      (entry) => entry !== undefined && (entry.isSymbolicLink() || entry.uid !== process.geteuid?.()),
    )
  )
    return false;
  if (folder === undefined && lock !== undefined && Date.now() - lock.mtimeMs < BEING_MADE_MS) return false;
  const lease = await new FlockLock(lockOf(path), env)
    .acquire({ command: 'clean up' }, { signal })
    .catch((error: unknown) => {
      throwIfAborted(signal);
      if (isBackupError(error, 'LOCK_HELD', 'STORE_UNAVAILABLE')) return undefined;
      throw error;
    });
  if (lease === undefined) return false;
  try {
    const left = (await lstatIfThere(path)) !== undefined; // it may have ended meanwhile
    await removeOne(restoreTestPaths(path), env);
    await rm(lockOf(path), { force: true });
    return left;
  } finally {
    await lease.release();
  }
}

/** Ends the programs of a restore test and removes its folder. */
async function removeOne(paths: RestoreTestPaths, env: ProgramEnvironment): Promise<void> {
  if (process.geteuid?.() !== 0) {
    await untilStill(paths, env);
    await removeRestoreTest(paths, { env });
    return;
  }
  const [accounts, former] = [await findAccounts(), await findFormerAccounts()];
  const owner = (await lstatIfThere(paths.data))?.uid;
  const account = 'lacking' in accounts ? undefined : accounts.find(({ uid }) => uid === owner);
  const unlock = account && (await lockSoon(account));
  try {
    // Without the lock, another restore test has the account: it started after the last process ended.
    if (account !== undefined && unlock !== undefined) await endProcessesOf(account, env);
    await removeRestoreTest(paths, { env, account, former });
  } finally {
    await unlock?.();
  }
}

async function lockSoon(account: Account): Promise<(() => Promise<void>) | undefined> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    const unlock = await lockAccount(account);
    if (unlock !== undefined || performance.now() > giveUpAt) return unlock;
    await pause(POLL_MS);
  }
}
