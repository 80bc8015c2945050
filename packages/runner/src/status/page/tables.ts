import { html } from 'hono/html';
import { bytesOf, parseTimestamp, rowsOf, type BackupSet, type SetState } from '@geolens/backup-core';
import { dumpOf } from '@geolens/backup-core';
import { collectCopies, SET_COLUMNS, setCells } from '../../present/set-list.ts';
import {
  bytesText,
  countText,
  durationText,
  localTimeText,
  numberText,
  roughDurationText,
} from '../../present/units.ts';
import { describeError } from '../../present/hints.ts';
import { pastRunsOf } from '../history.ts';
import { replicationLag, type Status } from '../status.ts';
import type { Html } from './calendar.ts';
import { dataTable, detail, mark, typed, type Kind } from './parts.ts';

/** Number of rows of runs and of restore tests. */
const SHOWN = 10;

/** Maximum number of sets on the page. `list` prints all. */
const SHOWN_SETS = 60;

/** How good the state of a set is. */
export const STATE_KINDS: Readonly<Record<SetState, Kind>> = {
  complete: 'good',
  legacy: 'quiet',
  suspicious: 'look',
  untrusted: 'wrong',
  bad: 'wrong',
  partial: 'wrong',
};

/** Returns the last runs, newest first, with their errors. */
export function runTable({ journal, stores, zone }: Status): Html {
  const known = new Set(stores.flatMap(({ sets }) => sets ?? []).map(({ timestamp }) => timestamp));
  const rows = pastRunsOf(journal.pastRuns)
    .slice(-SHOWN)
    .reverse()
    .map(({ timestamp, outcome, startedAt, finishedAt, bytes, error }) => {
      const took = Date.parse(finishedAt) - Date.parse(startedAt);
      const set = typeof timestamp === 'string' ? parseTimestamp(timestamp) : undefined;
      return [
        momentText(startedAt, zone),
        outcome === 'failed'
          ? mark('wrong', 'failed')
          : error === undefined
            ? mark('good', 'succeeded')
            : mark('look', 'set made, a later step failed'),
        took >= 0 ? durationText(took) : '–',
        typeof bytes === 'number' ? bytesText(bytes) : '–',
        set === undefined ? '–' : known.has(set) ? setLink(set) : `${set} (removed)`,
        typeof error === 'string' ? detail(error) : '',
      ];
    });
  const columns = [
    { title: 'Started' },
    { title: 'Outcome' },
    { title: 'Duration', align: 'right' },
    { title: 'Size', align: 'right' },
    { title: 'Set' },
    { title: 'Error' },
  ] as const;
  return dataTable(columns, rows, 'No run has ended yet.');
}

/** Returns the last restore tests of all stores, with what each compared. */
export function restoreTestTable({ stores, journal: { lastRestoreTest: last }, zone }: Status): Html {
  const recorded = stores.flatMap(({ name, sets }) =>
    (sets ?? []).flatMap((set) => {
      const { restoreTest } = set.checks;
      return restoreTest === undefined ? [] : [{ ...restoreTest, store: name, set: set.timestamp, of: set }];
    }),
  );
  // Sets record only tests that passed or failed.
  const unrecorded =
    last === undefined || last.outcome === 'passed' || last.outcome === 'failed'
      ? []
      : [{ ...last, at: last.finishedAt, reason: last.problem, set: last.timestamp, of: undefined }];
  const tests = Map.groupBy(
    [...unrecorded, ...recorded],
    ({ at, set, store = '' }) => `${at} ${set} ${store}`,
  );
  const rows = [...tests.values()]
    .flatMap((same) => same.slice(0, 1))
    .sort((one, other) => Date.parse(other.at) - Date.parse(one.at) || 0)
    .slice(0, SHOWN)
    .map(({ at, set, store, of, outcome, reason }) => [
      momentText(at, zone),
      mark(outcome === 'passed' ? 'good' : outcome === 'failed' ? 'wrong' : 'look', outcome),
      set === undefined ? '–' : of === undefined ? set : setLink(set),
      store ?? '–',
      outcome === 'passed' ? comparedText(of) : detail(reason ?? ''),
    ]);
  const columns = ['Ended', 'Outcome', 'Set', 'From', 'Compared'].map((title) => ({ title }));
  return dataTable(columns, rows, 'No restore test has been made yet.');
}

function comparedText(set: BackupSet | undefined): string {
  const rows = rowsOf(set?.manifest);
  if (set?.manifest === undefined || rows === undefined) return 'restored; the dump has no counts to compare';
  const tables = dumpOf(set.manifest)?.rowCounts?.length ?? 0;
  return `${countText(rows, 'row')} in ${countText(tables, 'table')}, each table as in the dump`;
}

/** Returns the table of the stores, with their sets and replication lag. */
export function storeTable({ stores, replicas, now, database }: Status): Html {
  const rows = stores.map((store, index) => {
    const { name, sets, error, inspectedAt } = store;
    const ours = (tier: string): string =>
      sets === undefined ? '–' : numberText(sets.filter((set) => set.tier === tier).length);
    const lag = index === 0 ? undefined : replicationLag(stores[0], store, database);
    const state =
      error !== undefined
        ? html`${mark('wrong', 'could not be read')} ${detail(describeError(error))}`
        : index === 0
          ? mark('good', 'this volume')
          : lag === undefined
            ? mark('quiet', 'unknown')
            : lag.sets === 0
              ? mark('good', 'has every set of the volume')
              : mark('look', `lacks ${countText(lag.sets, 'set')}`);
    const size = sets === undefined ? '–' : bytesText(sets.reduce((sum, set) => sum + bytesOf(set), 0));
    const age = roughDurationText(Math.max(0, now.getTime() - inspectedAt.getTime()));
    return [name, state, ours('daily'), ours('weekly'), size, `${age} ago`];
  });
  const unseen = replicas
    .filter((name) => !stores.some((store) => store.name === name))
    .map((name) => [name, mark('quiet', 'not read yet'), '–', '–', '–', '–']);
  const nowhere =
    replicas.length > 0
      ? ''
      : html`<p class="quiet">No copy leaves this machine: when its disk dies, the sets are gone with the data. Copies on S3: <code>BACKUP_S3_ENABLED=true</code></p>`;
  const columns = [
    { title: 'Store' },
    { title: 'State' },
    { title: 'Daily', align: 'right' },
    { title: 'Weekly', align: 'right' },
    { title: 'Size', align: 'right' },
    { title: 'Read' },
  ] as const;
  return html`${dataTable(columns, [...rows, ...unseen], 'No store has been read yet.')}${nowhere}`;
}

/** Returns the table of the newest sets. Each leads to its page. */
export function setTable({ stores, now, commandPrefix }: Status): Html {
  const listed = collectCopies(
    stores.flatMap(({ name, sets }) => (sets ?? []).map((set) => ({ store: name, set }))),
  );
  const columns = SET_COLUMNS.map(({ title, align }) => ({
    title: `${title.charAt(0)}${title.slice(1).toLowerCase()}`,
    align,
  }));
  const states = new Map(listed.map(({ best }) => [String(best.timestamp), best.state]));
  const rows = setCells(listed.slice(0, SHOWN_SETS), now).map(([set = '', ...cells]) => {
    const state = cells.pop() ?? '';
    const kind = STATE_KINDS[states.get(set) ?? 'legacy'];
    const [word = '', ...reasons] = state.split(': ');
    const why = reasons.length === 0 ? '' : html` ${detail(reasons.join(': '))}`;
    return [setLink(set), ...cells, html`${mark(kind, word)}${why}`];
  });
  const rest = listed.length - rows.length;
  const older = html`<p class="quiet">and ${rest} older: ${typed('geolens-backup list', commandPrefix)}</p>`;
  return html`${dataTable(columns, rows, 'No sets yet.')}${listed.length > SHOWN_SETS ? older : ''}`;
}

function setLink(timestamp: string): Html {
  return html`<a href="sets/${timestamp}">${timestamp}</a>`;
}

/** Returns a time of a record in a zone. The record may have been edited by hand. */
export function momentText(text: string, zone: string): string {
  return Number.isNaN(Date.parse(text)) ? '–' : localTimeText(new Date(text), zone);
}
