import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { BackupError } from '@geolens/backup-core';

/**
 * What starting a program fails with when there is none that this user could start. All else is this
 * machine's condition.
 */
const NO_SUCH_PROGRAM = new Set(['ENOENT', 'EACCES']);

export interface StartOptions extends SpawnOptions {
  /** What the operator calls the program; `file` when absent. */
  readonly label?: string;
  /** How to come by the program when it is missing. */
  readonly hint?: string;
  /**
   * Told when it could not be started. Then there may be no stdin, stdout and stderr, whatever was asked for,
   * and no end either.
   */
  readonly onFailure: (error: BackupError) => void;
}

/**
 * Starts a program.
 * @throws BackupError PROGRAM_NOT_STARTED where the system refuses at once, for want of memory for instance
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
  // Before all else: without a listener, the 'error' that follows would end this process.
  child.on('error', (cause) => {
    onFailure(startError(label, cause, hint));
  });
  return child;
}

/** There is no such program for this user. */
export function missing(
  label: string,
  cause?: unknown,
  hint = 'Install it, or put it on the PATH',
): BackupError {
  return new BackupError('PROGRAM_MISSING', `the program ${label} could not be started`, { cause, hint });
}

/** This machine could not start the program, though it may be there. */
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

/** The first of the names that is an executable in one of the folders of the search path, as a full path. */
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
