import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { isBackupError, type LockLease } from '@geolens/backup-core';
import { FlockLock } from '../../lock/flock-lock.ts';
import { describeEnd, Program, type ProgramEnvironment } from '../../programs/program.ts';
import type { ServerUser } from './server-user.ts';

/** Everything of a drill has this name: its folder, and beside that, with an ending, the file that is locked while it goes on. */
const NAME = /^(\.geolens-backup-drill-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(\.lock)?$/;
const LOCK_ENDING = '.lock';

/** The server's user comes in by its group. */
const OWNER_AND_GROUP = 0o770;

/** What a path of a socket may have at most is 107 bytes; the server's file in the folder takes 14 of them. */
const LONGEST_FOLDER = 90;

const ATTEMPTS = 5;

/** The folder of one drill. While it is not removed, nobody sweeps it away. */
export interface DrillFolder {
  readonly path: string;
  /** Removes it with all that is in it. Never fails; what it cannot remove, a sweep does later. */
  remove(): Promise<void>;
}

export interface FolderOptions {
  readonly serverUser: ServerUser;
  readonly env: ProgramEnvironment;
}

/** Makes a folder for a drill in a parent with room enough, or says why not. */
export async function makeDrillFolder(parent: string, neededBytes: number, options: FolderOptions): Promise<DrillFolder | string> {
  if (Buffer.byteLength(join(parent, `.geolens-backup-drill-${randomUUID()}`)) > LONGEST_FOLDER) return `the path of ${parent} is too long for the socket of a server in it`;
  const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6).toLocaleString('en-US')} MB`;
  try {
    const { bavail, bsize } = await statfs(parent);
    if (bavail * bsize < neededBytes) return `${parent} has ${megabytes(bavail * bsize)} free, and the drill needs ${megabytes(neededBytes)}`;
    const folder = await claim(parent, options);
    const refusal = await refusalOf(folder.path, options);
    if (refusal === undefined) return folder;
    await folder.remove();
    return `the user ${options.serverUser.name} cannot work in ${parent}: ${refusal}`;
  } catch (error) {
    if (isBackupError(error, 'ABORTED', 'PROGRAM_MISSING', 'PROGRAM_NOT_STARTED')) throw error;
    return `${parent} cannot be used: ${(error as Error).message}`;
  }
}

/** Removes the folders whose drills are dead, and answers their paths; those that go on, wherever, are left. */
export async function sweepDrillFolders(parent: string, options: FolderOptions): Promise<readonly string[]> {
  const names = new Set((await readdir(parent).catch(() => [])).flatMap((name) => NAME.exec(name)?.[1] ?? []));
  const swept: string[] = [];
  for (const name of names) {
    const path = join(parent, name);
    const lease = await new FlockLock(path + LOCK_ENDING, options.env).acquire({ command: 'sweep' }).catch((error: unknown) => {
      if (isBackupError(error, 'LOCK_HELD', 'STORE_UNAVAILABLE')) return undefined;
      throw error;
    });
    if (lease === undefined) continue;
    await removeAll(path, lease, options);
    if (!(await exists(path))) swept.push(path);
  }
  return swept;
}

async function claim(parent: string, options: FolderOptions): Promise<DrillFolder> {
  for (let attempt = 1; ; attempt += 1) {
    const path = join(parent, `.geolens-backup-drill-${randomUUID()}`);
    try {
      const lease = await new FlockLock(path + LOCK_ENDING, options.env).acquire({ command: 'drill' });
      // Somebody may have swept the file away between its making and its locking.
      if (await exists(path + LOCK_ENDING)) {
        await mkdir(path);
        await chmod(path, OWNER_AND_GROUP); // whatever the umask is
        return { path, remove: () => removeAll(path, lease, options) };
      }
      await lease.release();
    } catch (error) {
      if (!isBackupError(error, 'LOCK_HELD') || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Why the server's user cannot work in the folder; undefined when it can. */
async function refusalOf(path: string, { serverUser: { user }, env }: FolderOptions): Promise<string | undefined> {
  const end = await new Program('sh', ['-c', 'cd "$1" && mkdir probe && rmdir probe', 'sh', path], { env, user }).end();
  return end.code === 0 ? undefined : describeEnd('sh', end);
}

/** First as the server's user, who alone may look into what it has made where root has not all its rights. */
async function removeAll(path: string, lease: LockLease, { serverUser: { user }, env }: FolderOptions): Promise<void> {
  try {
    if (user !== undefined && (await exists(path))) await new Program('sh', ['-c', 'rm -rf -- "$1"/*', 'sh', path], { env, user }).end();
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
    await rm(path + LOCK_ENDING, { force: true });
  } catch {
    // The next sweep tries again.
  } finally {
    await lease.release();
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}
