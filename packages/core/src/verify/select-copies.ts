import { BackupError } from '../base/errors.ts';
import { timestampToDate, type RunTimestamp } from '../model/timestamp.ts';
import type { ArtifactStore } from '../ports/artifact-store.ts';
import type { BackupSet } from '../model/backup-set.ts';
import { readStores } from '../sets/read-stores.ts';
import { labelOf } from '../sets/label-of.ts';
import { otherDatabases } from '../sets/other-databases.ts';
import { copyOfSet, type Copy } from './copy.ts';

/** `latest`: the newest set, in the first store that has one; `all`: every set of every store. */
export type Wanted = 'latest' | 'all' | RunTimestamp;

/** What is to be verified. */
export interface SelectedCopies {
  readonly copies: readonly Copy[];
  /** What people should know before. */
  readonly notes: readonly string[];
  /** Of stores that could not be asked. */
  readonly errors: readonly BackupError[];
}

/**
 * The copies to be verified, of sets of one database: of one run, those in all tiers of the first store that
 * has it. With the newest set come those that are younger and damaged: to pass over them would be to call
 * them good.
 * @throws BackupError SET_NOT_FOUND; what the only store could not be asked for
 */
export async function selectCopies(
  stores: readonly ArtifactStore[],
  wanted: Wanted,
  { database, now, signal }: { readonly database: string; readonly now: Date; readonly signal: AbortSignal },
): Promise<SelectedCopies> {
  const copies: Copy[] = [];
  const notes: string[] = [];
  const errors: BackupError[] = [];
  const others = new Set<string>();
  for await (const answer of readStores(stores, { signal })) {
    if (answer.error !== undefined) {
      if (stores.length === 1) throw answer.error;
      errors.push(answer.error);
      continue;
    }
    const { store, sets: all } = answer;
    for (const set of all)
      if (set.database !== undefined && set.database !== database) others.add(set.database);
    const sets = all.filter((set) => (set.database ?? database) === database);
    const chosen =
      wanted === 'all'
        ? begun(store, sets, notes)
        : wanted === 'latest'
          ? newest(store, sets, now, notes)
          : sets.filter(({ timestamp }) => timestamp === wanted);
    copies.push(...chosen.map((set) => copyOfSet(store, set, { signal })));
    if (wanted !== 'all' && chosen.length > 0) break;
  }
  const names = [...others].map((name) => `"${name}"`).join(', ');
  if (wanted === 'all' && others.size > 0)
    notes.push(`only sets of database "${database}" are verified. There are sets of ${names} too`);
  if (copies.length > 0 || (wanted === 'all' && errors.length === 0)) return { copies, notes, errors };
  if (errors[0] !== undefined) throw errors[0];
  const what = wanted === 'latest' ? 'there is no set' : `there is no set ${wanted}`;
  throw new BackupError(
    'SET_NOT_FOUND',
    `${what} of database "${database}" in ${stores.map(({ name }) => name).join(' and ')}`,
    otherDatabases(others),
  );
}

/** Sets from the future were made while the clock was wrong: the newest is another one. */
function newest(
  store: ArtifactStore,
  all: readonly BackupSet[],
  now: Date,
  notes: string[],
): readonly BackupSet[] {
  const sets = all.filter(({ timestamp }) => timestampToDate(timestamp) <= now);
  for (const set of all.filter((one) => !sets.includes(one)))
    notes.push(`${labelOf(store, set)} lies in the future, and is passed over`);
  const top = sets.find(({ state }) => state !== 'partial');
  const younger = begun(
    store,
    sets.filter((set) => set.state === 'partial' && set.timestamp >= (top?.timestamp ?? '')),
    notes,
  );
  return [...younger, ...sets.filter((set) => set.state !== 'partial' && set.timestamp === top?.timestamp)];
}

/** Without those that have no manifest: work that was cut off, or goes on, has never made a set of them. */
function begun(store: ArtifactStore, sets: readonly BackupSet[], notes: string[]): readonly BackupSet[] {
  const isUnfinished = ({ state, artifacts }: BackupSet): boolean =>
    state === 'partial' && artifacts.every(({ kind }) => kind !== 'manifest');
  for (const set of sets.filter(isUnfinished))
    notes.push(`${labelOf(store, set)} was never finished, and is passed over: ${set.problems.join('; ')}`);
  return sets.filter((set) => !isUnfinished(set));
}
