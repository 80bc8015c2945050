import { BackupError, errorText } from '../base/errors.ts';
import { timestampToDate, type RunTimestamp } from '../model/timestamp.ts';
import type { ArtifactStore } from '../ports/artifact-store.ts';
import { isRestorable, isWhole, newestFirst, type BackupSet } from '../model/backup-set.ts';
import { readStores } from '../sets/read-stores.ts';
import { warningsOf } from '../sets/warnings-of.ts';
import { failedTestText, latestTest, newestPassedText } from '../sets/restore-tests.ts';
import { labelOf } from '../sets/label-of.ts';
import { otherDatabases } from '../sets/other-databases.ts';
import { sourceOfSet } from '../sets/source-of-set.ts';
import type { RestoreSource } from '../ports/file-sources.ts';

/** Whose set is looked for. */
export interface FindOptions {
  /** Sets of other databases are not looked at. */
  readonly database: string;
  /** A set that is much younger is never the newest. */
  readonly now: Date;
  /** The store that only this program writes to: its sets are trusted. */
  readonly primary: ArtifactStore;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Clocks of machines differ by seconds, and one that was set wrong by minutes: a set further ahead of the
 * clock was not made by a run of these days.
 */
const FUTURE_MS = 60 * 60 * 1000;

/** What a restore is made from, and what has to be said of it. */
export interface FoundSource {
  readonly source: RestoreSource;
  /** What was passed over, and which stores could not be asked: to be told before the restore begins. */
  readonly notes: readonly string[];
}

interface Candidate {
  readonly store: ArtifactStore;
  readonly set: BackupSet;
}

/**
 * The set to restore: of one moment, or the newest that is whole and has failed no check, with a manifest or
 * without. Newer sets that are suspicious or damaged are passed over. A newer dump that nothing is known of,
 * because its manifest is missing or cannot be read, ends the search: it may well be whole, and to fall back
 * silently could lose days of work. A set more than an hour in the future is never the newest: its name is
 * all that says so, and who can write to a store can choose it. A copy in an earlier store is taken before
 * one in a later, a whole one before one that is not. A store that cannot be asked is passed over, unless it
 * is the only one.
 * @throws BackupError SET_NOT_FOUND; RESTORE_REFUSED where the operator has to choose
 */
export async function findSource(
  stores: readonly ArtifactStore[],
  wanted: 'latest' | RunTimestamp,
  { database, now, primary, signal }: FindOptions,
): Promise<FoundSource> {
  const notes: string[] = [];
  const candidates: Candidate[] = [];
  const others = new Set<string>();
  for await (const answer of readStores(stores, { signal })) {
    const { store } = answer;
    if (answer.error !== undefined) {
      if (stores.length === 1) throw answer.error;
      notes.push(`store ${store.name} could not be asked for sets: ${errorText(answer.error)}`);
      continue;
    }
    for (const set of answer.sets) {
      if (set.database === database) candidates.push({ store, set });
      else if (set.database !== undefined && (wanted === 'latest' || set.timestamp === wanted))
        others.add(set.database);
    }
  }
  const chosen = wanted === 'latest' ? latest(candidates, now, notes) : named(candidates, wanted, notes);
  const source =
    chosen && sourceOfSet(chosen.store, chosen.set, { trusted: chosen.store === primary, signal });
  if (chosen !== undefined) notes.push(...failedTestOf(chosen.set, candidates));
  if (source !== undefined) return { source, notes };
  throw notFound(stores, wanted, database, others, notes);
}

/** A result of any intact copy is about all: they have the same bytes. */
function failedTestOf({ timestamp }: BackupSet, candidates: readonly Candidate[]): readonly string[] {
  const sets = candidates.map(({ set }) => set).filter(isWhole);
  const result = latestTest(sets.filter((set) => set.timestamp === timestamp));
  return result?.outcome === 'failed'
    ? [`${failedTestText('this set', result)}; ${newestPassedText(sets)}`]
    : [];
}

function latest(candidates: readonly Candidate[], now: Date, notes: string[]): Candidate | undefined {
  const all = inOrder(candidates);
  const sorted = all.filter(
    ({ set }) => timestampToDate(set.timestamp).getTime() <= now.getTime() + FUTURE_MS,
  );
  for (const { store, set } of all.filter((candidate) => !sorted.includes(candidate))) {
    notes.push(
      `${labelOf(store, set)} lies in the future, and is passed over: check the clock of the machine that made it, and who can write to ${store.name}; name it to restore it`,
    );
  }
  const chosen = sorted.find(({ set }) => isRestorable(set) && warningsOf(set).length === 0);
  const newer = sorted.filter(({ set }) => set.timestamp > (chosen?.set.timestamp ?? ''));
  const unknown = newer.filter(
    ({ set }) => set.state === 'partial' && set.artifacts.some(({ kind }) => kind === 'dump'),
  );
  if (chosen !== undefined && unknown.length > 0) throw mustChoose(unknown, chosen);
  for (const { store, set } of newer) {
    notes.push(`${labelOf(store, set)} is passed over: ${whyPassedOver(set)}`);
  }
  return chosen;
}

/** How many sets are listed. */
const SHOWN = 10;

function mustChoose(unknown: readonly Candidate[], chosen: Candidate): BackupError {
  const listed = unknown
    .slice(0, SHOWN)
    .map(({ store, set }) => `\n  - ${labelOf(store, set)}: ${set.problems.join('; ')}`)
    .join('');
  const more = unknown.length > SHOWN ? `\n  - and ${unknown.length - SHOWN} more` : '';
  const whole = labelOf(chosen.store, chosen.set);
  return new BackupError(
    'RESTORE_REFUSED',
    `there are newer dumps whose manifest is missing or cannot be used:${listed}${more}\nThe newest whole one is ${whole}`,
    { hint: 'Name the set to restore by its timestamp; verify one of the newer ones first if you want it' },
  );
}

function whyPassedOver(set: BackupSet): string {
  if (set.state === 'suspicious')
    return `it is suspicious: ${set.problems.join('; ')}; name it, or accept it`;
  return warningsOf(set).join('; ');
}

function named(
  candidates: readonly Candidate[],
  timestamp: RunTimestamp,
  notes: string[],
): Candidate | undefined {
  const fitting = inOrder(candidates.filter(({ set }) => set.timestamp === timestamp));
  const chosen = fitting.find(({ set }) => warningsOf(set).length === 0) ?? fitting[0];
  if (chosen?.set.state === 'suspicious')
    notes.push(`${labelOf(chosen.store, chosen.set)} is suspicious: ${chosen.set.problems.join('; ')}`);
  return chosen;
}

/** Newest first; sorting keeps the order of the stores among copies of one set. */
function inOrder(candidates: readonly Candidate[]): readonly Candidate[] {
  return [...candidates].sort((one, other) =>
    newestFirst({ ...one.set, tier: 'daily' }, { ...other.set, tier: 'daily' }),
  );
}

function notFound(
  stores: readonly ArtifactStore[],
  wanted: string,
  database: string,
  others: ReadonlySet<string>,
  notes: readonly string[],
): BackupError {
  const places = stores.map(({ name }) => name).join(' and ');
  const what =
    wanted === 'latest'
      ? `there is no set of database "${database}" that can be restored`
      : `there is no set ${wanted} of database "${database}"`;
  const because = notes.length === 0 ? '' : ` (${notes.join('; ')})`;
  return new BackupError('SET_NOT_FOUND', `${what} in ${places}${because}`, { ...otherDatabases(others) });
}
