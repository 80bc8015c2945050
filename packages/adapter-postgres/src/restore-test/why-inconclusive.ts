import { errorText, isBackupError, type RestoreTestResult } from '@geolens/backup-core';
import { isOfEntry } from '../restore/run-entries.ts';
import type { TocEntry } from '../restore/toc/toc.ts';

/** Error codes whose cause is this machine, regardless of the dump. */
const OF_THE_MACHINE = [
  'STORE_FULL',
  'PROGRAM_ENDED',
  'PROGRAM_MISSING',
  'PROGRAM_NOT_STARTED',
  'DATABASE_UNREACHABLE',
  'CLIENT_TOO_OLD',
  'LOCK_LOST',
] as const;

/** Messages of servers and pg_restore (LC_MESSAGES=C) if the machine lacks a resource. */
const LACKS: readonly { readonly words: RegExp; readonly hint: string }[] = [
  {
    words: /No space left on device|Disk quota exceeded|disk full|wrote only \d+ of \d+ bytes/,
    hint: 'Free disk space on the volume of the restore test',
  },
  {
    words:
      /out of memory|Cannot allocate memory|could not fork|could not create shared memory segment|Too many open files|Resource temporarily unavailable/,
    hint: 'Give this machine (or the container) more memory, processes or open files',
  },
  {
    words:
      /server closed the connection|terminating connection|the database system is|no connection to the server|Connection terminated|connection to server|exited with SIG/,
    hint: 'Look for a kill or a want of memory in the log of the system',
  },
  {
    words:
      /invalid (?:LC_COLLATE |LC_CTYPE )?locale name|could not create locale|ICU is not supported|could not open collator|unrecognized locale provider|collation .* for encoding .* does not exist/,
    hint: 'Install that locale on this machine (Debian: locales-all)',
  },
  {
    words:
      /could not access file "|could not load library|could not open extension control file|has no installation script/,
    hint: 'Install the package that it belongs to on this machine',
  },
];

/** Returns the hint for a missing resource, by the text of an error or a log; `undefined` if none matches. */
export function hintForLack(text: string): string | undefined {
  return LACKS.find(({ words }) => words.test(text))?.hint;
}

/**
 * Returns which resource this machine lacks if that failed the restore: one sentence and its hint.
 * `undefined` if the dump failed it.
 */
export function whyInconclusive(error: unknown): string | undefined {
  if (!isBackupError(error)) return undefined;
  const hint = hintForLack(error.message);
  if (hint !== undefined) return `${error.message}. ${hint}`;
  return isBackupError(error, ...OF_THE_MACHINE) ? errorText(error) : undefined;
}

/**
 * SQLSTATE classes of machine problems: connections, resources, files, libraries, configuration files, and
 * operator intervention.
 */
const OF_MACHINE = /\(SQLSTATE (?:08|53|57|58|F0)/;

function isOfMachine(problem: string): boolean {
  return OF_MACHINE.test(problem) || hintForLack(problem) !== undefined;
}

/**
 * Returns the outcome of a restore test that could not restore some objects. It is `inconclusive` if this
 * machine lacks a resource for each object, or for an object that it needs.
 * @param problems one sentence for each object
 * @param entries all entries of the dump
 */
export function verdictOnObjects(
  problems: readonly string[],
  entries: readonly TocEntry[],
): RestoreTestResult {
  const entriesOf = (some: readonly string[]): readonly TocEntry[] =>
    entries.filter((entry) => some.some((problem) => isOfEntry(problem, entry)));
  const lacking = withDependents(entriesOf(problems.filter(isOfMachine)), entries);
  const follows = (problem: string): boolean => entriesOf([problem]).some(({ id }) => lacking.has(id));
  const ofDump = problems.filter((problem) => !isOfMachine(problem) && !follows(problem));
  if (ofDump.length > 0) return { outcome: 'failed', problems: ofDump.map(withPlainRestore) };
  const reasons = problems
    .filter(isOfMachine)
    .map((problem) => `${problem}. ${hintForLack(problem) ?? 'Give this machine what the message names'}`);
  return { outcome: 'inconclusive', reasons };
}

/**
 * Only missing rights of owners depend on the restoring role: plain pg_restore does everything as one role.
 */
function withPlainRestore(problem: string): string {
  return `${problem}; plain pg_restore ${problem.includes('(SQLSTATE 42501') ? 'may restore it as a superuser' : 'fails too'}`;
}

/** Returns the ids of entries and of all entries that depend on them. */
function withDependents(some: readonly TocEntry[], entries: readonly TocEntry[]): ReadonlySet<number> {
  const ids = new Set(some.map(({ id }) => id));
  for (let before = -1; before !== ids.size; ) {
    before = ids.size;
    for (const { id, dependencies } of entries) if (dependencies.some((one) => ids.has(one))) ids.add(id);
  }
  return ids;
}
