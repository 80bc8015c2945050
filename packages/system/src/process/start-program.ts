import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { BackupError } from '@geolens/backup-core';

/** Error codes if this user can start no such program. All other codes are conditions of this machine. */
const NO_SUCH_PROGRAM = new Set(['ENOENT', 'EACCES']);

export interface StartOptions extends SpawnOptions {
  /** Name of the program for the operator. Defaults to `file`. */
  readonly label?: string;
  /** How to install the program if it is missing. */
  readonly hint?: string;
  /**
   * Called if the program could not be started. Then it may have no stdin, stdout and stderr, whatever the
   * options requested, and no end.
   */
  readonly onFailure: (error: BackupError) => void;
}

/**
 * Starts a program.
 * @throws BackupError PROGRAM_NOT_STARTED if the system refuses at once, for example because memory is short
 */
export function startProgram(
  file: string,
  args: readonly string[],
  { label = file, hint, onFailure, ...options }: StartOptions,
): ChildProcess {
  let child: ChildProcess;
  try {
    child = spawn(file, args, options);
  } catch (cause) {
    throw startError(label, cause, hint);
  }
  // Must come first: without a listener, the 'error' event would end this process.
  child.on('error', (cause) => {
    onFailure(startError(label, cause, hint));
  });
  return child;
}

/** Returns the error for a program that this user cannot start. */
export function missing(
  label: string,
  cause?: unknown,
  hint = 'Install it, or put it on the PATH',
): BackupError {
  return new BackupError('PROGRAM_MISSING', `the program ${label} could not be started`, { cause, hint });
}

/** Returns the error for a program that may exist, but that this machine could not start. */
export function notStarted(label: string, why: string, cause?: unknown): BackupError {
  return new BackupError('PROGRAM_NOT_STARTED', `the program ${label} could not be started: ${why}`, {
    cause,
    hint: 'Look for what takes all memory, processes or open files of this machine (or of the container); the next run tries again',
  });
}

function startError(label: string, cause: unknown, hint?: string): BackupError {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  return NO_SUCH_PROGRAM.has(code) ? missing(label, cause, hint) : notStarted(label, message, cause);
}

/** Returns the full path of the first executable with one of the names; `undefined` if there is none. */
export async function findProgram(names: readonly string[], searchPath: string): Promise<string | undefined> {
  for (const name of names) {
    for (const folder of searchPath.split(delimiter).filter((entry) => entry !== '')) {
      const path = join(folder, name);
      if (await isExecutable(path)) return path;
    }
  }
  return undefined;
}

export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
