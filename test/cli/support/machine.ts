import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const FAKETIME = globSync('/usr/lib/*/faketime/libfaketime.so.1')[0];

/** Why there are no tests that set the clock; undefined when there are. */
export const noFaketime = FAKETIME === undefined ? 'faketime is not installed' : undefined;

/**
 * The environment of a program that takes it to be this moment (in UTC) when it starts. Not by the command `faketime`: that has a
 * semaphore by its process id, which a killed one leaves to whoever gets the same id.
 */
export function startingAt(moment: string): Readonly<Record<string, string>> {
  return { TZ: 'UTC', LD_PRELOAD: FAKETIME!, FAKETIME: `@${moment}`, FAKETIME_DISABLE_SHM: '1' };
}

export const isRoot = process.getuid?.() === 0;

/** Mounts a small file system in memory for the test that runs. Undefined where that is not allowed. */
export function smallVolume(size: string): string | undefined {
  if (!isRoot) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'geolens-small-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0755`, 'tmpfs', folder]).status === 0;
  onTestFinished(() => {
    if (mounted) execFileSync('umount', ['--lazy', folder]);
    rmSync(folder, { recursive: true });
  });
  return mounted ? folder : undefined;
}

/** Makes a mounted file system read-only. */
export function makeReadOnly(folder: string): void {
  execFileSync('mount', ['-o', 'remount,ro', folder]);
}

/** Programs that work on a database: those with its name in their environment, as pg_dump and its kin have. */
export function programsOn(database: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => read(`/proc/${pid}/environ`).split('\0').includes(`PGDATABASE=${database}`))
    .map((pid) => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' '));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it has just ended, or is somebody else's
  }
}
