import type { RestoreInput } from '@geolens/backup-core';
import { restoreErrorWithoutValues } from '../connection/program-messages.ts';
import { exposureOf } from './exposure.ts';
import type { SessionParts } from './session-parts.ts';
import type { Preparation } from './prepare.ts';
import type { Rights } from './rights/rights.ts';
import { entriesByTurn, restoreEntries } from './run-entries.ts';
import type { Toc, TocEntry } from './toc/toc.ts';

const FORBIDDEN = /^could not execute query: ERROR: {2}permission denied /;

/** Returns those of the entries that depend on a foreign table, directly or by other objects. */
function overForeignTables({ entries }: Toc, among: readonly TocEntry[]): readonly TocEntry[] {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const known = new Map<number, boolean>();
  const reaches = (id: number): boolean => {
    const found = known.get(id);
    if (found !== undefined) return found;
    known.set(id, false); // dependencies may be circular
    const entry = byId.get(id);
    const result =
      entry !== undefined && (entry.kind === 'FOREIGN TABLE' || entry.dependencies.some(reaches));
    known.set(id, result);
    return result;
  };
  return among.filter(({ id }) => reaches(id));
}

export interface ViewsRequest {
  readonly rights: Rights | undefined;
  /** Owners that are no superusers. */
  readonly unprivileged: ReadonlySet<string>;
}

/** Returns the contents of materialized views of superusers that call code of other roles. */
function exposedContents(
  { toc: { entries } }: Preparation,
  unprivileged: ReadonlySet<string>,
  contents: readonly TocEntry[],
): readonly TocEntry[] {
  const exposed = new Set([...exposureOf(entries, unprivileged).views].map(({ oid }) => oid));
  return contents.filter(({ oid }) => exposed.has(oid));
}

/**
 * Fills the materialized views, each as its owner. Where the set has no privileges, an owner may lack one
 * that it had: such a view stays empty.
 * @returns the views that stay empty, one sentence each
 */
export async function fillViews(
  parts: SessionParts,
  input: RestoreInput,
  preparation: Preparation,
  database: string,
  { rights, unprivileged }: ViewsRequest,
): Promise<readonly string[]> {
  const all = entriesByTurn(preparation).views;
  const skipped = parts.options.foreignServers === false ? overForeignTables(preparation.toc, all) : [];
  const exposed = exposedContents(preparation, unprivileged, all);
  const views = all.filter((entry) => !skipped.includes(entry) && !exposed.includes(entry));
  const empty = skipped.map(
    ({ schema, name }) =>
      `skipped: the materialized view ${schema ?? ''}.${name} was not filled, for its foreign tables are on another server`,
  );
  const passOver = (error: string): boolean => {
    if (!FORBIDDEN.test(error)) return false;
    empty.push(
      `a materialized view stays empty, for the backup has no privileges: ${restoreErrorWithoutValues(error).replace('could not execute query: ERROR:  ', '')}. Grant them, then REFRESH MATERIALIZED VIEW`,
    );
    return true;
  };
  empty.push(
    ...exposed.map(
      ({ schema, name, owner }) =>
        `the materialized view ${schema ?? ''}.${name} stays empty, for it would run code of other roles as the superuser ${owner}: look at what it calls, then REFRESH MATERIALIZED VIEW`,
    ),
  );
  await restoreEntries(parts, input, preparation, database, {
    entries: views,
    args: ['--no-owner'],
    sessions: 1,
    ...(rights?.from !== 'set' && { passOver }),
  });
  return empty;
}
