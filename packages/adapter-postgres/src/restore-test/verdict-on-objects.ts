import type { RestoreTestResult } from '@geolens/backup-core';
import { isOfEntry } from '../restore/run-entries.ts';
import type { TocEntry } from '../restore/toc/toc.ts';
import { hintForLack } from './why-inconclusive.ts';

/**
 * SQLSTATEs of a machine that lacks something: connections, resources, files, libraries, files of configuration, and an
 * operator who intervenes.
 */
const OF_MACHINE = /\(SQLSTATE (?:08|53|57|58|F0)/;

function isOfMachine(problem: string): boolean {
  return OF_MACHINE.test(problem) || hintForLack(problem) !== undefined;
}

/**
 * Returns the outcome of a restore test in which objects could not be restored: `inconclusive` if this machine
 * lacks something for each of them, or for an object that they need.
 * @param problems one sentence for each
 * @param entries all of the dump
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

/** Only what an owner may not do depends on who restores: plain pg_restore does everything as one role. */
function withPlainRestore(problem: string): string {
  return `${problem}; plain pg_restore ${problem.includes('(SQLSTATE 42501') ? 'may restore it as a superuser' : 'fails too'}`;
}

/** Returns the IDs of entries and of all that depend on them. */
function withDependents(some: readonly TocEntry[], entries: readonly TocEntry[]): ReadonlySet<number> {
  const ids = new Set(some.map(({ id }) => id));
  for (let before = -1; before !== ids.size; ) {
    before = ids.size;
    for (const { id, dependencies } of entries) if (dependencies.some((one) => ids.has(one))) ids.add(id);
  }
  return ids;
}
