import { BackupError } from '@geolens/backup-core';
import { describeEnd, type ProgramEnd } from './program.ts';

/** What people and systems end programs with; one that crashes over what it reads gets others. */
const BY_OTHERS: readonly NodeJS.Signals[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'];

/** What tar says when the program that decompresses for it was killed. */
const CHILD_KILLED = /died with signal (?:1|2|9|15)\b/;

const MEND = 'Look for a kill or a want of memory in the log of the system, then try again';

/**
 * The error of a program that somebody else has ended, which says nothing of what it read; undefined when it
 * came to its own end.
 */
export function endedByOthers(file: string, end: ProgramEnd): BackupError | undefined {
  const byOthers =
    (end.endedBy !== undefined && BY_OTHERS.includes(end.endedBy)) || CHILD_KILLED.test(end.stderr);
  return byOthers ? new BackupError('PROGRAM_ENDED', describeEnd(file, end), { mend: MEND }) : undefined;
}
