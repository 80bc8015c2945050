import { BackupError, errorText, withReason } from '../base/errors.ts';
import { isRestorable, isWhole, newestFirst, type BackupSet } from '../model/backup-set.ts';
import { timestampToDate, type RunTimestamp } from '../model/timestamp.ts';
import type { ArtifactStore, StoreOptions } from '../ports/artifact-store.ts';
import type { Cipher } from '../ports/cipher.ts';
import type { SetCopy, StoredSet } from '../ports/set-copy.ts';
import { readStores } from './read-stores.ts';
import { failedTestText, latestTest, newestPassedText } from './restore-tests.ts';
import { copyOfSet, labelOf, warningsOf } from './set-copy.ts';

/** `latest`: the newest set; `all`: every set of every store. */
export type Wanted = 'latest' | 'all' | RunTimestamp;

/** A query for sets. */
export interface SetQuery extends StoreOptions {
  readonly wanted: Wanted;
  /** Name of the database. Sets of other databases are ignored. */
  readonly database: string;
  /** Current time. A set from the future is never the newest. */
  readonly now: Date;
  /** The store that only this program writes to. Its sets are trusted. Defaults to none. */
  readonly primary?: ArtifactStore | undefined;
  /** Opens encrypted artifacts. Defaults to none. */
  readonly cipher?: Cipher | undefined;
}

/** Copies that a query selected. */
export interface SelectedSets {
  readonly copies: readonly SetCopy[];
  /** Skipped sets and stores, for the operator. */
  readonly notes: readonly string[];
  /** Errors of unreachable stores. */
  readonly errors: readonly BackupError[];
}

/** Rules for choosing among the sets of the stores. */
export interface SelectionPolicy {
  /** Whether to stop at the first store that has such a set. */
  readonly firstStore: boolean;
  /** Whether to include sets of an unknown database. */
  readonly unnamed: boolean;
  /** Chooses among sets of one database. */
  choose(found: readonly StoredSet[], query: SetQuery, note: (text: string) => void): readonly StoredSet[];
}

/**
 * Tolerated difference between clocks, in milliseconds. Clocks differ by seconds, wrongly set ones by
 * minutes. A set further ahead is not from a recent run.
 */
const FUTURE_MS = 60 * 60 * 1000;

/**
 * Selects sets of one database. Skips unreachable stores, unless there is only one store.
 * @throws BackupError SET_NOT_FOUND if no set matches
 * @throws BackupError RESTORE_REFUSED if the operator has to choose
 * @throws BackupError of an unreachable store if no set matches, or if it is the only store
 */
export async function selectSets(
  stores: readonly ArtifactStore[],
  query: SetQuery,
  policy: SelectionPolicy,
): Promise<SelectedSets> {
  const { others, ...selected } = await search(stores, query, policy);
  const { copies, errors } = selected;
  if (copies.length === 0 && (query.wanted !== 'all' || errors.length > 0))
    throw notFound(stores, query, { ...selected, others });
  return selected;
}

/** What a query has found, and the databases whose sets it ignored. */
interface Found extends SelectedSets {
  readonly others: ReadonlySet<string>;
}

async function search(
  stores: readonly ArtifactStore[],
  query: SetQuery,
  policy: SelectionPolicy,
): Promise<Found> {
  const { wanted, database, primary, cipher, signal } = query;
  const [found, chosen]: [StoredSet[], StoredSet[]] = [[], []];
  const notes: string[] = [];
  const errors: BackupError[] = [];
  const others = new Set<string>();
  const note = (text: string): void => void notes.push(text);
  for await (const answer of readStores(stores, { signal })) {
    const { store } = answer;
    if (answer.error !== undefined) {
      if (stores.length === 1) throw answer.error;
      errors.push(answer.error);
      continue;
    }
    for (const set of answer.sets) {
      if (set.database === database || (policy.unnamed && set.database === undefined))
        found.push({ store, set });
      else if (set.database !== undefined && (isEach(wanted) || set.timestamp === wanted))
        others.add(set.database);
    }
    if (!policy.firstStore) continue;
    const here = found.filter((one) => one.store === store);
    chosen.push(...policy.choose(here, query, note));
    if (wanted !== 'all' && chosen.length > 0) break;
  }
  if (!policy.firstStore) chosen.push(...policy.choose(found, query, note));
  const names = [...others].map((name) => `"${name}"`).join(', ');
  if (wanted === 'all' && others.size > 0)
    note(`only sets of database "${database}" are selected. There are sets of ${names} too`);
  const copies = chosen.map(({ store, set }) =>
    copyOfSet(store, set, { trusted: isTrusted(store, set, primary), cipher, signal }),
  );
  return { copies, notes, errors, others };
}

/**
 * Selects the set to restore by {@link TO_RESTORE}.
 * @returns the copy, the skipped sets and the errors of unreachable stores
 * @throws BackupError SET_NOT_FOUND if no set matches
 * @throws BackupError RESTORE_REFUSED if the operator has to choose
 * @throws BackupError of an unreachable store if no set matches, or if it is the only store
 */
export async function selectSetToRestore(
  stores: readonly ArtifactStore[],
  query: SetQuery & { readonly wanted: Exclude<Wanted, 'all'> },
): Promise<{ readonly copy: SetCopy; readonly notes: readonly string[] }> {
  const found = await search(stores, query, TO_RESTORE);
  const [copy] = found.copies;
  if (copy === undefined) throw notFound(stores, query, found);
  return { copy, notes: [...found.errors.map((error) => errorText(error)), ...found.notes] };
}

function isEach(wanted: Wanted): boolean {
  return wanted === 'latest' || wanted === 'all';
}

function notFound(
  stores: readonly ArtifactStore[],
  { wanted, database }: SetQuery,
  seen: Omit<Found, 'copies'>,
): BackupError {
  const places = stores.map(({ name }) => name).join(' and ');
  const what = isEach(wanted) ? 'no set' : `no set ${wanted}`;
  const because = [...seen.errors.map((error) => errorText(error)), ...seen.notes].join('; ');
  const message = `there is ${what} of database "${database}" in ${places}${because === '' ? '' : ` (${because})`}`;
  // An unreachable store may have the set.
  const [unreachable] = seen.errors;
  if (unreachable !== undefined) {
    const { code, details, hint } = unreachable;
    return new BackupError(code, message, { details, hint, cause: unreachable });
  }
  return new BackupError(
    'SET_NOT_FOUND',
    message,
    seen.others.size === 0
      ? withReason('set-missing')
      : withReason('other-databases', { databases: [...seen.others] }),
  );
}

/**
 * Policy of a verification. Selects the copies of one run in all tiers of the first store that has it.
 * `latest` also selects younger damaged sets, because skipping them would hide the damage.
 */
export const TO_VERIFY: SelectionPolicy = {
  firstStore: true,
  unnamed: true,
  choose: (found, { wanted, now }, note) => {
    if (wanted === 'all') return withoutUnfinished(found, note);
    if (wanted !== 'latest') return found.filter(({ set }) => set.timestamp === wanted);
    const sets = withoutUntrusted(withoutFuture(found, now, note), note);
    const top = sets.find(({ set }) => set.state !== 'partial')?.set.timestamp ?? '';
    const younger = sets.filter(({ set }) => set.state === 'partial' && set.timestamp >= top);
    return [
      ...withoutUnfinished(younger, note),
      ...sets.filter(({ set }) => set.state !== 'partial' && set.timestamp === top),
    ];
  },
};

/** Removes sets without a manifest, because they are of an interrupted or running run. */
function withoutUnfinished(found: readonly StoredSet[], note: (text: string) => void): readonly StoredSet[] {
  const isUnfinished = ({ set: { state, artifacts } }: StoredSet): boolean =>
    state === 'partial' && artifacts.every(({ kind }) => kind !== 'manifest');
  for (const { store, set } of found.filter(isUnfinished))
    note(`${labelOf(store, set)} was never finished, and is passed over: ${set.problems.join('; ')}`);
  return found.filter((one) => !isUnfinished(one));
}

/**
 * Returns whether a set is of this installation: signed, or in the store that only this program writes to if
 * signatures are ignored.
 */
function isTrusted(store: ArtifactStore, set: BackupSet, primary: ArtifactStore | undefined): boolean {
  return store.trust === undefined ? store === primary : isWhole(set);
}

/** Removes sets that no trusted key signed: anyone who can write to the store can make them. */
function withoutUntrusted(found: readonly StoredSet[], note: (text: string) => void): readonly StoredSet[] {
  const isUntrusted = ({ set }: StoredSet): boolean => set.state === 'untrusted';
  for (const { store, set } of found.filter(isUntrusted))
    note(`${labelOf(store, set)} is passed over: ${warningsOf(set)[0] ?? ''}`);
  return found.filter((one) => !isUntrusted(one));
}

/** Returns whether a set is further in the future than clocks differ. It is never the newest. */
export function isInFuture({ timestamp }: Pick<BackupSet, 'timestamp'>, now: Date): boolean {
  return timestampToDate(timestamp).getTime() > now.getTime() + FUTURE_MS;
}

function withoutFuture(
  found: readonly StoredSet[],
  now: Date,
  note: (text: string) => void,
): readonly StoredSet[] {
  const isFuture = ({ set }: StoredSet): boolean => isInFuture(set, now);
  for (const { store, set } of found.filter(isFuture))
    note(
      `${labelOf(store, set)} lies in the future, and is passed over: check the clock of the machine that made it, and who can write to ${store.name}; name it to use it`,
    );
  return found.filter((one) => !isFuture(one));
}

/**
 * Policy of a restore. Selects the set of one moment, or the newest whole set without a failed check.
 *
 * - Newer suspicious or damaged sets are skipped.
 * - A newer dump with a missing or unreadable manifest ends the search. It may be whole, and a silent
 *   fallback could lose days of work.
 * - A set more than an hour in the future is never the newest. Only its name claims the time, and everyone
 *   who can write to the store can choose the name.
 * - A copy in an earlier store takes precedence over one in a later store, a whole copy over an incomplete
 *   one.
 */
export const TO_RESTORE: SelectionPolicy = {
  firstStore: false,
  unnamed: false,
  choose: (found, { wanted, now }, note) => {
    const sorted = inOrder(found);
    const chosen =
      wanted === 'latest'
        ? newestRestorable(withoutUntrusted(withoutFuture(sorted, now, note), note), note)
        : named(
            sorted.filter(({ set }) => set.timestamp === wanted),
            note,
          );
    if (chosen === undefined) return [];
    noteFailedTest(chosen.set, found, note);
    return chosen.set.artifacts.some(({ kind }) => kind === 'dump') ? [chosen] : [];
  },
};

/** Newest first. The sort is stable, so copies of one set stay in the order of the stores. */
function inOrder(found: readonly StoredSet[]): readonly StoredSet[] {
  return [...found].sort((one, other) =>
    newestFirst({ ...one.set, tier: 'daily' }, { ...other.set, tier: 'daily' }),
  );
}

/** Notes a failed test of any intact copy, because all intact copies have the same bytes. */
function noteFailedTest(
  { timestamp }: BackupSet,
  found: readonly StoredSet[],
  note: (text: string) => void,
): void {
  const sets = found.map(({ set }) => set).filter(isWhole);
  const result = latestTest(sets.filter((set) => set.timestamp === timestamp));
  if (result?.outcome === 'failed') note(`${failedTestText('this set', result)}; ${newestPassedText(sets)}`);
}

function newestRestorable(sorted: readonly StoredSet[], note: (text: string) => void): StoredSet | undefined {
  const chosen = sorted.find(({ set }) => isRestorable(set) && warningsOf(set).length === 0);
  const newer = sorted.filter(({ set }) => set.timestamp > (chosen?.set.timestamp ?? ''));
  const unknown = newer.filter(
    ({ store, set }) =>
      // Without a signed manifest, no set is the newest one: there is nothing to choose.
      store.trust === undefined &&
      set.state === 'partial' &&
      set.artifacts.some(({ kind }) => kind === 'dump'),
  );
  if (chosen !== undefined && unknown.length > 0) throw mustChoose(unknown, chosen);
  for (const { store, set } of newer) note(`${labelOf(store, set)} is passed over: ${whyPassedOver(set)}`);
  return chosen;
}

function whyPassedOver(set: BackupSet): string {
  if (set.state === 'suspicious')
    return `it is suspicious: ${set.problems.join('; ')}; name it, or accept it`;
  return warningsOf(set).join('; ');
}

/** Maximum number of listed sets. */
const SHOWN = 10;

function mustChoose(unknown: readonly StoredSet[], chosen: StoredSet): BackupError {
  const listed = unknown
    .slice(0, SHOWN)
    .map(({ store, set }) => `\n  - ${labelOf(store, set)}: ${set.problems.join('; ')}`)
    .join('');
  const more = unknown.length > SHOWN ? `\n  - and ${unknown.length - SHOWN} more` : '';
  return new BackupError(
    'RESTORE_REFUSED',
    `there are newer dumps whose manifest is missing or cannot be used:${listed}${more}\nThe newest whole one is ${labelOf(chosen.store, chosen.set)}`,
    { hint: 'Name the set to restore by its timestamp; verify one of the newer ones first if you want it' },
  );
}

function named(fitting: readonly StoredSet[], note: (text: string) => void): StoredSet | undefined {
  const chosen = fitting.find(({ set }) => warningsOf(set).length === 0) ?? fitting[0];
  if (chosen?.set.state === 'suspicious')
    note(`${labelOf(chosen.store, chosen.set)} is suspicious: ${chosen.set.problems.join('; ')}`);
  return chosen;
}
