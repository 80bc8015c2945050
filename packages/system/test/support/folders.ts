import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { onTestFinished } from 'vitest';

export const isRoot = process.getuid?.() === 0;

/** Whether this user may mount file systems in memory: full and read-only disks are made of them. */
export const mayMount = isRoot && canMount();

/** A folder for one test. */
export async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'geolens-backup-test-'));
  onTestFinished(async () => {
    if (!isRoot) spawnSync('chmod', ['-R', 'u+rwX', folder]); // read-only folders keep what is in them
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}

/** A file system in memory for one test, with mount options such as `size=8m`. */
export async function freshMount(options: string): Promise<string> {
  const folder = await freshFolder();
  mount(folder, options);
  onTestFinished(() => {
    unmount(folder);
  });
  return folder;
}

export function remount(folder: string, options: string): void {
  execFileSync('mount', ['-o', `remount,${options}`, folder]);
}

/** Everything below a folder, sorted, as paths from it. */
export async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

function mount(folder: string, options: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'pipe' });
}

function unmount(folder: string): void {
  execFileSync('umount', ['--lazy', folder], { stdio: 'pipe' });
}

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'geolens-backup-mount-'));
  try {
    mount(folder, 'size=1m');
    unmount(folder);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(folder);
  }
}
