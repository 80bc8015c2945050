import { constants } from 'node:fs';
import { access, lstat, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { errnoOf } from '@geolens/backup-system';
import { contentOf, pathIn } from './folder-content.ts';

const ALL = constants.R_OK | constants.W_OK | constants.X_OK;

/** Returns why a restore into the folder is not possible; `undefined` if it is. */
export async function restoreRefusal(folder: string): Promise<string | undefined> {
  try {
    if (!(await stat(folder)).isDirectory()) return `${folder} is not a folder`;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return await makingRefusal(folder);
    return errnoOf(error) === 'ENOTDIR'
      ? `${folder} lies below what is not a folder`
      : because(`${folder} cannot be looked at`, error);
  }
  return (
    (await accessRefusal(folder)) ??
    (await redirectRefusal(folder)) ??
    (await mountedRefusal(folder)) ??
    (await contentRefusal(folder))
  );
}

async function makingRefusal(folder: string): Promise<string | undefined> {
  const dangling = await lstat(folder).catch(() => undefined);
  if (dangling !== undefined) return `${folder} is a link that leads nowhere`;
  const parent = dirname(resolve(folder));
  const reason = (await accessRefusal(parent)) ?? (await redirectRefusal(folder, parent));
  return reason === undefined ? undefined : `${folder} does not exist and cannot be made: ${reason}`;
}

async function accessRefusal(folder: string): Promise<string | undefined> {
  try {
    await access(folder, ALL);
    return undefined;
  } catch (error) {
    switch (errnoOf(error)) {
      case 'ENOENT':
        return `${folder} does not exist`;
      case 'EROFS':
        return `${folder} is on a read-only file system`;
      case 'EACCES':
        return `user ${process.getuid?.() ?? '?'} may not read and write ${folder}`;
      case undefined:
      default:
        return because(`${folder} cannot be used`, error);
    }
  }
}

/**
 * Returns why another user could redirect a restore of root. Root uses the path of the folder; a user who can
 * rename a parent could redirect it. A restore of an unprivileged user gives other users no new access.
 */
async function redirectRefusal(folder: string, parent?: string): Promise<string | undefined> {
  if (process.geteuid?.() !== 0) return undefined;
  const real = parent === undefined ? await realpath(folder) : join(await realpath(parent), 'new');
  for (const path of new Set([...foldersAbove(resolve(folder)), ...foldersAbove(real)])) {
    const { uid, gid, mode } = await stat(path);
    const shared = (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0);
    if (uid !== 0 || (shared && (mode & 0o1000) === 0))
      return `other users can rename what is in ${path}, and lead a restore of root to ${folder} elsewhere: make root its only writer, or restore to another folder`;
  }
  return undefined;
}

function foldersAbove(path: string): readonly string[] {
  const parent = dirname(path);
  return parent === path ? [] : [parent, ...foldersAbove(parent)];
}

/** Returns which mount prevents a swap: it would move with its folder, or block the move. */
async function mountedRefusal(folder: string): Promise<string | undefined> {
  const mounts = await readFile('/proc/self/mountinfo', 'latin1').catch(() => '');
  const root = Buffer.from(await realpath(folder)).toString('latin1');
  const inside = mounts
    .split('\n')
    .flatMap((line) => decoded(line.split(' ')[4] ?? ''))
    .find((point) => point.startsWith(`${root}/`));
  return inside === undefined
    ? undefined
    : `something is mounted inside ${folder}, at ${Buffer.from(inside, 'latin1').toString()}`;
}

/** Returns which entry this user cannot move. Moving a folder requires write permission or ownership. */
async function contentRefusal(folder: string): Promise<string | undefined> {
  for (const name of (await contentOf(folder)).content) {
    const path = pathIn(folder, name);
    const { uid, ...entry } = await lstat(path).then((stats) => ({
      uid: stats.uid,
      folder: stats.isDirectory(),
    }));
    if (!entry.folder || uid === process.geteuid?.()) continue;
    const writable = await access(path, constants.W_OK).then(
      () => true,
      () => false,
    );
    if (!writable)
      return `user ${process.getuid?.() ?? '?'} may not move ${path.toString()}, which user ${uid} owns`;
  }
  return undefined;
}

/** Decodes a mount point: blanks, for example, are written as `\040`. */
function decoded(point: string): string {
  return point.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

function because(what: string, error: unknown): string {
  return `${what}: ${(error as Error).message}`;
}
