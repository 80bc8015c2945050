import type pg from 'pg';
import type { RestoreJob } from './session-parts.ts';
import { codeOf } from '../connection/postgres-errors.ts';
import { execute, isOfStatement } from './execute.ts';
import { exposureOf } from './exposure.ts';
import type { Preparation } from './prepare.ts';
import { hasCodeOfOthers } from './search-path.ts';
import type { Rights } from './rights/rights.ts';
import { entriesByTurn, restoreFailed } from './run-entries.ts';
import type { Toc, TocEntry } from './toc/toc.ts';

const FORBIDDEN = '42501';

/** SQLSTATEs of a missing name: routine, relation, another object, schema. */
export const NOT_FOUND = ['42883', '42P01', '42704', '3F000'];

/** Returns the entries that depend on a foreign table, directly or through other objects. */
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
  /** Owners that are not superusers. */
  readonly unprivileged: ReadonlySet<string>;
  /** search_path for a second attempt at views that use names without a schema. */
  readonly searchPath: string;
  /** Whether to return views that cannot be filled; otherwise they are an error. */
  readonly keepGoing: boolean;
}

/** Returns the content of superusers' materialized views that call code of other roles. */
function exposedContents(
  { toc: { entries } }: Preparation,
  unprivileged: ReadonlySet<string>,
  contents: readonly TocEntry[],
): readonly TocEntry[] {
  const exposed = new Set([...exposureOf(entries, unprivileged).views].map(({ oid }) => oid));
  return contents.filter(({ oid }) => exposed.has(oid));
}

/**
 * Fills the materialized views, each as its owner. If the set has no privileges, an owner may lack one that
 * it had: such a view stays empty.
 * @returns the views that stay empty, one sentence each
 */
export async function fillViews(
  job: RestoreJob,
  database: string,
  { rights, unprivileged, searchPath, keepGoing }: ViewsRequest,
): Promise<readonly string[]> {
  const all = entriesByTurn(job).views;
  const skipped = job.options.foreignServers === false ? overForeignTables(job.toc, all) : [];
  const exposed = exposedContents(job, unprivileged, all);
  const views = all.filter((entry) => !skipped.includes(entry) && !exposed.includes(entry));
  const empty = skipped.map(
    ({ schema, name }) =>
      `skipped: the materialized view ${schema ?? ''}.${name} was not filled, for its foreign tables are on another server`,
  );
  empty.push(
    ...exposed.map(
      ({ schema, name, owner }) =>
        `the materialized view ${schema ?? ''}.${name} stays empty, for it would run code of other roles as the superuser ${owner}: inspect what it calls, then REFRESH MATERIALIZED VIEW`,
    ),
  );
  // Another role's function must not replace the function that a superuser's view names.
  const hasOthers = views.length > 0 && (await hasCodeOfOthers(job.server, database, searchPath));
  await job.server.within(database, 'filling materialized views', async (client) => {
    for (const entry of views) {
      try {
        await fillView(client, entry, hasOthers && !unprivileged.has(entry.owner) ? '' : searchPath);
      } catch (error) {
        if (!isOfStatement(error)) throw error;
        if (rights?.from !== 'set' && codeOf(error) === FORBIDDEN)
          empty.push(
            `a materialized view stays empty, for the backup has no privileges: ${error.message} (entry ${entry.text}). Grant them, then REFRESH MATERIALIZED VIEW`,
          );
        else if (keepGoing)
          empty.push(`not restored: ${error.message} (entry ${entry.text}): ${entry.definition.trim()}`);
        else
          throw restoreFailed(
            `could not execute query: ERROR:  ${error.message} (entry ${entry.text})`,
            error,
            true,
          );
      }
    }
  });
  return empty;
}

/** Fills a view. A query in the text of a function may use names without their schema. */
async function fillView(client: pg.Client, { statement }: TocEntry, searchPath: string): Promise<void> {
  try {
    await execute(client, [statement]);
  } catch (error) {
    if (searchPath === '' || !NOT_FOUND.includes(codeOf(error) ?? '')) throw error;
    await client.query(`SELECT pg_catalog.set_config('search_path', $1, false)`, [searchPath]);
    try {
      await execute(client, [statement]);
    } finally {
      await client.query(`SELECT pg_catalog.set_config('search_path', '', false)`);
    }
  }
}
