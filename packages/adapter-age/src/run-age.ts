import { BackupError } from '@geolens/backup-core';
import { describeEnd, missing, type Judge, type ProgramEnd } from '@geolens/backup-system';

/** Exit code of age and age-keygen for all that they refuse. A crash has another one. */
const REFUSED = 1;

/** Exit code of a shell that does not find the program. */
const NOT_FOUND = 127;

const REASON_CHARACTERS = 300;

/**
 * Returns the judge of a run of age: what it refuses is the error of `refused`. An end for any other reason,
 * such as a kill or a lack of memory, is no statement on its input.
 */
export function judge(program: string, refused: (reason: string) => BackupError): Judge {
  return (end) => {
    if (end.code === 0) return undefined;
    if (end.code === REFUSED) return refused(reasonOf(end));
    if (end.code === NOT_FOUND) return missing(program);
    return new BackupError('PROGRAM_ENDED', describeEnd(program, end), {
      hint: 'Look for a kill or a want of memory in the log of the system, then try again',
    });
  };
}

/** Returns the message of the program without its name and without control characters. */
function reasonOf({ stderr }: ProgramEnd): string {
  const lines = stderr.split('\n');
  const line = lines.find((one) => one.includes('error: ')) ?? lines[0] ?? '';
  return line
    .replace(/^.*?error: /, '')
    .replace(/\p{Cc}/gu, '?')
    .slice(0, REASON_CHARACTERS);
}
