import {
  bytesOf,
  newestFirst,
  rowsOf,
  SET_STATES,
  timestampToDate,
  type BackupSet,
} from '@geolens/backup-core';
import {
  failedTestText,
  formatChecks,
  heldText,
  newestPassedText,
  newestTest,
  type WrittenChecks,
} from '@geolens/backup-core/internal';
import { bytesText, durationText, numberText, roughDurationText } from './units.ts';
import { table, type Column } from './table.ts';

/** A set and the name of its store. */
export interface FoundSet {
  readonly store: string;
  readonly set: BackupSet;
}

/** A set with all its copies, ordered by state and then by store. The first copy is the best one. */
interface ListedSet {
  readonly best: BackupSet;
  readonly copies: readonly FoundSet[];
}

/** Groups the copies of each set, newest set first. */
export function collectCopies(found: readonly FoundSet[]): readonly ListedSet[] {
  const onlyDatabases = onlyDatabasesOf(found);
  const groups = Map.groupBy(found, ({ set }) =>
    JSON.stringify([set.tier, set.timestamp, set.database ?? onlyDatabases.get(runOf(set))]),
  );
  const rank = ({ set }: FoundSet): number => SET_STATES.indexOf(set.state);
  return [...groups.values()]
    .map((copies) => copies.sort((one, other) => rank(one) - rank(other)))
    .flatMap((copies) => copies.slice(0, 1).map(({ set }) => ({ best: set, copies })))
    .sort((one, other) => newestFirst(one.best, other.best));
}

function runOf({ tier, timestamp }: BackupSet): string {
  return `${tier}/${timestamp}`;
}

/**
 * Returns the database of each run with sets of one database. A copy of the run without dump and manifest,
 * such as an interrupted copy, is a copy of that set.
 */
function onlyDatabasesOf(found: readonly FoundSet[]): ReadonlyMap<string, string | undefined> {
  const databases = new Map<string, string | undefined>();
  for (const { set } of found) {
    if (set.database === undefined) continue;
    const run = runOf(set);
    const isOther = databases.has(run) && databases.get(run) !== set.database;
    databases.set(run, isOther ? undefined : set.database);
  }
  return databases;
}

/** Checks, the strongest first. */
const LEVELS = ['restored', 'readable', 'checksum'] as const satisfies readonly (keyof WrittenChecks)[];

/** Columns of the list for people. */
export const SET_COLUMNS: readonly Column[] = [
  { title: 'SET' },
  { title: 'TIER' },
  { title: 'WHERE' },
  { title: 'AGE', align: 'right' },
  { title: 'SIZE', align: 'right' },
  { title: 'ROWS', align: 'right' },
  { title: 'DATABASE' },
  { title: 'VERIFIED' },
  { title: 'STATE' },
];

/**
 * Returns the list of sets for people, newest first. Lists failed restore tests below the table.
 * @param width see `table`
 */
export function setListText(listed: readonly ListedSet[], now: Date, width?: number): string {
  if (listed.length === 0) return 'no sets yet\n';
  return [table(SET_COLUMNS, setCells(listed, now), width), ...failedTestTexts(listed)].join('');
}

/** Returns one line for each database whose newest tested set failed. */
function failedTestTexts(listed: readonly ListedSet[]): readonly string[] {
  const databases = Map.groupBy(listed, ({ best }) => best.database);
  return [...databases.values()].flatMap((ofOne) => {
    const sets = ofOne.flatMap(({ copies }) => copies.map(({ set }) => set));
    const newest = newestTest(sets);
    return newest?.result.outcome === 'failed'
      ? [`${failedTestText(`set ${newest.timestamp}`, newest.result)}; ${newestPassedText(sets)}\n`]
      : [];
  });
}

/** Returns the cells of `SET_COLUMNS`. Combines the tiers of a run into one row if their cells are equal. */
export function setCells(listed: readonly ListedSet[], now: Date): readonly (readonly string[])[] {
  const runs = new Map<string, readonly string[]>();
  for (const [set, tier, ...cells] of listed.map((one) => cellsOf(one, now))) {
    const id = JSON.stringify([set, cells.filter((_, index) => index !== VERIFIED)]);
    const before = runs.get(id);
    runs.set(id, before?.with(1, `${before[1]}, ${tier}`) ?? [set, tier, ...cells]);
  }
  return [...runs.values()];
}

/** Position of VERIFIED after SET and TIER. Not compared, because tiers may be verified separately. */
const VERIFIED = SET_COLUMNS.findIndex(({ title }) => title === 'VERIFIED') - 2;

function cellsOf({ best, copies }: ListedSet, now: Date): readonly [string, string, ...string[]] {
  return [
    best.timestamp,
    best.tier,
    copies.map((copy) => whereText(copy, best)).join(', '),
    durationText(Math.max(0, now.getTime() - timestampToDate(best.timestamp).getTime())),
    bytesText(bytesOf(best)),
    numberOrDash(best.state === 'partial' ? undefined : rowsOf(best.manifest)),
    best.database ?? '-',
    [verifiedText(best, now), ...storeOfCheck(best, copies)].join(' '),
    stateText(best, now),
  ];
}

/** Returns the list of sets for machines. */
export function* setListJson(listed: readonly ListedSet[], now: Date): Generator<Record<string, unknown>> {
  for (const { best, copies } of listed)
    yield {
      timestamp: best.timestamp,
      time: timestampToDate(best.timestamp).toISOString(),
      tier: best.tier,
      database: best.database,
      state: best.state,
      problems: best.problems,
      bytes: bytesOf(best),
      ageSeconds: Math.max(0, Math.round((now.getTime() - timestampToDate(best.timestamp).getTime()) / 1000)),
      rows: rowsOf(best.manifest),
      checks: formatChecks(best.checks),
      acceptedAt: best.acceptedAt,
      hold: best.hold,
      encryption: best.manifest?.encryption,
      artifacts: best.artifacts.map(({ key, kind, bytes }) => ({ key, kind, bytes })),
      copies: copies.map(({ store, set: { state, problems, ...set } }) => ({
        store,
        state,
        problems,
        bytes: bytesOf({ state, problems, ...set }),
        checks: formatChecks(set.checks),
        encryption: set.manifest?.encryption,
      })),
    };
}

function stateText(set: BackupSet, now: Date): string {
  const { state, problems, checks } = set;
  const { restoreTest } = checks;
  const failed = restoreTest?.outcome === 'failed' && state !== 'bad';
  const failure = failed ? [failedTestText('this set', restoreTest)] : [];
  const held = heldText(set, now);
  return [state, [...(held === undefined ? [] : [held]), ...problems, ...failure].join('; ')]
    .filter(Boolean)
    .join(': ');
}

/** Returns the store of a copy. Adds whether it is encrypted, and why it is worse than the best one. */
function whereText({ store, set }: FoundSet, best: BackupSet): string {
  const isUnverified = levelOf(set) === undefined && levelOf(best) !== undefined;
  const notes = [
    ...(set.manifest?.encryption === undefined ? [] : ['encrypted']),
    ...(set.state !== best.state ? [set.state] : isUnverified ? ['not verified there'] : []),
  ];
  return notes.length === 0 ? store : `${store} (${notes.join(', ')})`;
}

/** Returns the store of the best copy if another copy has passed a different check. Empty otherwise. */
function storeOfCheck(best: BackupSet, copies: readonly FoundSet[]): readonly string[] {
  if (copies.every(({ set }) => set.state !== best.state || levelOf(set) === levelOf(best))) return [];
  return copies.flatMap(({ store, set }) => (set === best ? [`(${store})`] : []));
}

/** Returns the strongest check that the set has passed, and its age. */
function verifiedText({ checks, state }: BackupSet, now: Date): string {
  // The checks are of earlier content, or another process wrote them.
  if (['partial', 'bad', 'untrusted'].includes(state)) return 'unverified';
  const level = levelOf({ checks });
  if (level === undefined) return 'unverified';
  const milliseconds = now.getTime() - new Date(formatChecks(checks)[level]?.at ?? '').getTime();
  return Number.isFinite(milliseconds)
    ? `${level} ${roughDurationText(Math.max(0, milliseconds))} ago`
    : level;
}

/** Returns the strongest check that a set has passed. `undefined` if there is none. */
function levelOf({ checks }: Pick<BackupSet, 'checks'>): keyof WrittenChecks | undefined {
  const written = formatChecks(checks);
  return LEVELS.find((level) => written[level]?.ok === true);
}

function numberOrDash(value: number | undefined): string {
  return value === undefined ? '-' : numberText(value);
}
