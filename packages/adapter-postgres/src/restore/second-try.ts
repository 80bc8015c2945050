import type { RestoreJob } from './session-parts.ts';
import { quoteIdentifier } from '../connection/identifiers.ts';
import { WITHHELD } from '../connection/server-message.ts';
import type { Said } from './execute.ts';
import { exposureOf } from './exposure.ts';
import { OwnerLogins } from './owner-logins.ts';
import type { Owners } from './owners.ts';
import { runSql } from './psql.ts';
import { type RelaxedTable, relaxedTables } from './relaxed-table.ts';
import { isOfEntry } from './run-entries.ts';
import { hasCodeOfOthers } from './search-path.ts';
import { dumpSchema, restrictedSql, sqlOf } from './toc/schema-toc.ts';
import type { TocEntry } from './toc/toc.ts';
import { TurnsByOwner } from './turns-by-owner.ts';
import { NOT_FOUND } from './view-content.ts';

/**
 * Matches pg_restore errors (LC_MESSAGES=C) of an index whose function uses a name without a schema:
 * pg_restore sets an empty search_path. Parallel sessions mix their lines, so the statement decides what
 * failed, not the entry named before.
 */
const UNRESOLVED_INDEX =
  /^could not execute query: ERROR: {2}(?:type|function|procedure|operator|relation|text search configuration|text search dictionary|collation|schema) .* does not exist\n[^]*^Command was: (?:CREATE (?:UNIQUE )?INDEX|ALTER INDEX|COMMENT ON INDEX) /m;

/** Returns whether an error of pg_restore is of an index that the second attempt may create. */
export function isUnresolvedIndex(error: string): boolean {
  return UNRESOLVED_INDEX.test(error);
}

/** Matches entries of indexes: PostgreSQL evaluates an index as the owner of its table. */
export const OF_INDEX = /^(?:INDEX|INDEX ATTACH|COMMENT \S+ INDEX) /;

/** Matches rows, values and privileges: a dump of definitions has no such entries. */
const CONTENT = /^(?:TABLE DATA|SEQUENCE SET|BLOBS|BLOB|BLOB METADATA|LARGE OBJECT) /;

/** SQLSTATEs of existing objects. */
const ALREADY_THERE = ['42710', '42P06', '42P07', '42723', '42P16'];

const NOT_ALLOWED = '42501';

/** Why a second attempt omits an entry. */
const NOT_BY_SUPERUSER = 'a superuser does not make it, for other roles have a part in it';

/** Maximum number of entries. More failures have one cause, which another attempt does not change. */
const MOST_ENTRIES = 1000;

export interface SecondTryRequest {
  /** Entries to create. */
  readonly entries: readonly TocEntry[];
  /** Messages of pg_restore or the server, one sentence each. */
  readonly failures: readonly string[];
  readonly args: readonly string[];
  readonly owners: Owners;
  /** The search_path of the database. */
  readonly searchPath: string;
  /** Whether to load rejected rows without checks and generated columns of their table. */
  readonly keepGoing: boolean;
}

/**
 * Creates missing objects of a database, entry by entry in the order of the dump, with the search_path of the
 * database. Uses logins for objects of unprivileged roles. Compares definitions in the database to find
 * missing objects; the failures determine missing rows.
 */
export async function secondTry(
  job: RestoreJob,
  target: string,
  { entries, failures, args, owners, searchPath, keepGoing }: SecondTryRequest,
): Promise<{ readonly made: readonly string[]; readonly left: readonly string[] }> {
  const { server, signal } = job;
  const { programs } = job;
  const { unprivileged, byLogins } = owners;
  const failed = await lackingEntries(job, target, { entries, failures });
  if (failed.length > MOST_ENTRIES) return { made: [], left: failures };
  const all = job.toc.entries;
  await using logins = new OwnerLogins({ ...job, target, unprivileged });
  const turns = new TurnsByOwner(all, unprivileged, exposureOf(all, unprivileged).tables);
  const hasOthers = failed.length > 0 && (await hasCodeOfOthers(server, target, searchPath));
  const again = async (entry: TocEntry, relaxed?: RelaxedTable): Promise<readonly Said[] | undefined> => {
    const isOfIndex = OF_INDEX.test(entry.text);
    const isByLogin = byLogins && unprivileged.has(entry.owner) && !isOfIndex;
    // The restoring role must not evaluate code that other roles influence.
    if (!isByLogin && byLogins && (entry.kind === 'TABLE DATA' || turns.turnOf(entry) !== 'restorer'))
      return undefined;
    const credentials = isByLogin ? (await logins.actingAs(entry.owner)).credentials : undefined;
    const ownerArgs = isByLogin ? ['--no-owner'] : args;
    const isByOwner = isByLogin || (isOfIndex && unprivileged.has(entry.owner));
    const path = hasOthers && !isByOwner ? '' : searchPath;
    const script = async function* (): AsyncGenerator<Uint8Array> {
      if (isByLogin) yield Buffer.from(`SET ROLE ${quoteIdentifier(entry.owner)};\n`);
      if (relaxed !== undefined) yield Buffer.from(`${['BEGIN;', ...relaxed.before].join('\n')}\n`);
      yield* restrictedSql(sqlOf(job.input.dump, [entry], { ...job, ownerArgs }), path);
      if (relaxed !== undefined) yield Buffer.from(`${[...relaxed.after, 'COMMIT;'].join('\n')}\n`);
    };
    const env = server.env(target, credentials);
    return runSql(script(), 'a second attempt', { psql: programs.psql, env, signal, goOn: true });
  };
  const made: string[] = [];
  const left = failures.filter((failure) => !failed.some((entry) => isOfEntry(failure, entry)));
  for (const entry of failed) {
    const failure = failures.find((one) => isOfEntry(one, entry));
    const said = await again(entry);
    const errors = said?.filter(({ level }) => level === 'ERROR') ?? [];
    // An entry without a failure exists, but has no definition of its own: the schema public.
    const error = errors.find(({ state }) => failure !== undefined || !ALREADY_THERE.includes(state));
    if (said !== undefined && error === undefined) made.push(...(errors.length === 0 ? [entry.label] : []));
    else {
      const again = failsAgain(entry, failure, error, triedText(entry));
      const lacks = await loadRelaxed(entry);
      left.push(...(lacks?.map((lack) => `${again}. ${lack}`) ?? [again]));
    }
  }
  return { made, left };

  /** Returns what the table lacks afterwards; `undefined` if its rows still cannot be loaded. */
  async function loadRelaxed(entry: TocEntry): Promise<readonly string[] | undefined> {
    if (!keepGoing || entry.kind !== 'TABLE DATA') return undefined;
    const ways = await server.within(target, 'reading the definition of a table', (client) =>
      relaxedTables(client, entry),
    );
    for (const relaxed of ways) {
      const said = await again(entry, relaxed);
      if (said?.every(({ level }) => level !== 'ERROR') === true) return relaxed.lacks;
    }
    return undefined;
  }

  function triedText({ owner, label }: TocEntry): string {
    return hasOthers && !unprivileged.has(owner)
      ? ` (${label} belongs to a superuser, and other roles have functions in the search_path ${searchPath})`
      : `, also with the search_path ${searchPath}`;
  }
}

/** Returns the failure of an entry with its SQLSTATE. Adds how it was tried again if a name was missing. */
function failsAgain(
  { text }: TocEntry,
  failure: string | undefined,
  error: Said | undefined,
  tried: string,
): string {
  // psql prints the SQLSTATE, which shows that more messages hold no values.
  const isKnown = error !== undefined && !error.message.startsWith(WITHHELD);
  const first =
    failure?.replace(WITHHELD, () => (isKnown ? error.message : WITHHELD)) ??
    `could not execute query: ERROR:  ${error?.message ?? NOT_BY_SUPERUSER} (entry ${text})`;
  if (error === undefined || error.state === NOT_ALLOWED || first.includes('(SQLSTATE ')) return first;
  const how = NOT_FOUND.includes(error.state) ? tried : '';
  return first.replace(' (entry ', () => `${how} (SQLSTATE ${error.state}) (entry `);
}

/** Returns the entries that the database lacks, in the order of the dump. */
async function lackingEntries(
  { server, signal, programs, toc }: RestoreJob,
  target: string,
  { entries, failures }: Pick<SecondTryRequest, 'entries' | 'failures'>,
): Promise<readonly TocEntry[]> {
  const { toc: there } = await dumpSchema(target, { server, programs, signal });
  const present = new Set(there.entries.map(({ label }) => label));
  const isLacking = ({ label, text }: TocEntry): boolean => !CONTENT.test(text) && !present.has(label);
  const tables = new Set(
    entries.filter((entry) => entry.kind === 'TABLE' && isLacking(entry)).map(({ label }) => label),
  );
  const ofRows = toc.entries.filter(({ kind }) => kind === 'TABLE DATA');
  // pg_restore names a table without its schema; existing rows must not be loaded twice.
  const isUnclear = ({ kind, name }: TocEntry): boolean =>
    kind === 'TABLE DATA' && ofRows.filter((one) => one.name === name).length > 1;
  const hasFailed = (entry: TocEntry): boolean =>
    CONTENT.test(entry.text) && !isUnclear(entry) && failures.some((one) => isOfEntry(one, entry));
  return entries.filter(
    (entry) =>
      isLacking(entry) || tables.has(entry.label.replace(/^TABLE DATA /, 'TABLE ')) || hasFailed(entry),
  );
}

/** Returns notes for the operator about entries that a second attempt created. */
export function secondTryNotes(made: readonly string[], searchPath: string): readonly string[] {
  return made.length === 0
    ? []
    : [
        `made with the search_path of the database (${searchPath}), for their functions use names without a schema: ${made.join(', ')}`,
      ];
}
