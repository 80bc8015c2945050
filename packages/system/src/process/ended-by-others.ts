import { BackupError } from '@geolens/backup-core';
import { describeEnd, type ProgramEnd } from './program.ts';

/** What people and systems end programs with; one that crashes over what it reads gets others. */
const BY_OTHERS: readonly NodeJS.Signals[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'];

/** What tar says when the program that decompresses for it was killed. */
const CHILD_KILLED = /died with signal (?:1|2|9|15)\b/;

const HINT = 'Look for a kill or a want of memory in the log of the system, then try again';

/**
 * Returns the error of a program that another process ended: the input of the program may be good. `undefined` if the
 * program ended by itself.
 */
export function endedByOthers(file: string, end: ProgramEnd): BackupError | undefined {
  const byOthers =
    (end.endedBy !== undefined && BY_OTHERS.includes(end.endedBy)) || CHILD_KILLED.test(end.stderr);
  return byOthers ? new BackupError('PROGRAM_ENDED', describeEnd(file, end), { hint: HINT }) : undefined;
}
