import type pg from 'pg';
import type { TableSelection } from '@geolens/backup-core';
import type { RestoreJob } from '../session-parts.ts';
import { commentsOf, rightsOf } from './attachments.ts';
import { lostDependents, PUBLISHED, type LostDependents } from './lost-dependents.ts';
import { isFreeOfCodeOf } from '../code-of-others.ts';
import { withoutEventTriggers } from '../event-triggers.ts';
import { keyOf, partsOf } from './object-closure.ts';
import { findTables, objectOf, type Table } from './relations.ts';
import type { Owners } from '../owners.ts';
import { OF_INDEX } from '../second-try.ts';
import { fillAside } from '../fill-aside.ts';
import { makeAside, undo } from '../restore-aside.ts';
import { applyRights } from '../rights/rights.ts';
import { dumpSchema } from '../toc/schema-toc.ts';
import { tablesMeant, type TableName } from '../toc/table-selection.ts';
import { sanitized, type Toc, type TocEntry } from '../toc/toc.ts';
import { describeFailures, isOfEntry, restoreFailed } from '../run-entries.ts';

/** Parts of the tables to restore. */
export interface WantedTables {
  readonly tables: readonly Table[];
  /** Entries of the dump. */
  readonly entries: readonly TocEntry[];
  /** Owners and privileges, as SQL; `undefined` if the set has none. */
  readonly rights: readonly string[] | undefined;
  readonly comments: readonly string[];
  /** Further entries that need the search_path of the database: indexes. */
  readonly repeated: readonly TocEntry[];
  /** Whether other entries need it too. */
  readonly needsSearchPath: boolean;
  readonly dependents: WantedDependents;
  /** Parts of the tables that cannot be created, one sentence each. */
  readonly notMade: readonly string[];
  /** Whether their rows can be loaded without evaluating code of a role without superuser rights. */
  readonly isFree: boolean;
}

/** Missing objects that depend on the tables. `rights` and `comments` of the tables include theirs. */
export interface WantedDependents extends LostDependents {
  /** Entries of the dump. */
  readonly entries: readonly TocEntry[];
  /** Entries that fill materialized views. They run as the owners, which need their privileges first. */
  readonly contents: readonly TocEntry[];
}

/** Kinds of entries without their own object, and the kind that they belong to. */
const BELONGING: Readonly<Record<string, string>> = {
  'TABLE DATA': 'TABLE',
  'TABLE ATTACH': 'TABLE',
  'ROW SECURITY': 'TABLE',
  'SEQUENCE SET': 'SEQUENCE',
  'SEQUENCE OWNED BY': 'SEQUENCE',
  'INDEX ATTACH': 'INDEX',
};

/** Matches attached tables: a partition with rows elsewhere is attached like the others. */
const ATTACHED_FOREIGN = /^TABLE ATTACH /;

const VIEW_CONTENT = /^(MATERIALIZED VIEW) DATA /;

const KIND = new RegExp(`^(${Object.keys(BELONGING).join('|')}) `);

/**
 * Finds the parts of the selected tables. A dump does not record the table of an index; a temporary database
 * from its definitions, without rows, does.
 */
export async function wantedTables(
  job: RestoreJob,
  owners: Owners,
  selection: TableSelection,
): Promise<WantedTables> {
  const { server, database, globals, toc } = job;
  const { aside: temporary } = await makeAside(job);
  try {
    const { repeated, failures } = await fillAside(job, temporary, {
      owners,
      rights: undefined,
      furtherArguments: ['--schema-only'],
      keepGoing: true, // failures outside the tables do not matter
    });
    await owners.handOver(temporary);
    if (globals?.isOurs === true) await applyRights(job, temporary, { globals, from: 'live' }); // without rows, there are no large objects to grant
    const made = await dumpSchema(temporary, job);
    return await server.within(temporary, 'inspecting the definitions in the dump', async (client) => {
      const meant = tablesMeant(toc, selection).tables;
      const tables = await findTables(client, meant, selection.schemas);
      expectMade(toc, { ...selection, tables: meant }, tables, failures);
      const lost = partsNotMade(toc, tables, failures);
      if (lost.length > 0 && job.input.keepGoing !== true)
        throw restoreFailed(lost.join(' | '), undefined, true);
      const objects = await partsOf(client, tables.map(objectOf));
      const live = <T>(work: (session: pg.Client) => Promise<T>): Promise<T> =>
        server.within(database, 'looking for objects that depend on the tables', (session) =>
          withoutEventTriggers(session, server, () => work(session)),
        );
      const lostOnes = await lostDependents(client, {
        tables,
        objects,
        toc: made.toc,
        withDependents: selection.withDependents === true,
        live,
      });
      const bare = ({ label }: TocEntry): string => label;
      const own = made.toc.entries
        .filter((entry) => objects.has(keyOf(entry)) && entry.catalog !== PUBLISHED)
        .map(bare);
      const names = new Set([...own, ...own.flatMap((text) => indexOfConstraint(text, tables))]);
      const belongs = (entry: TocEntry): boolean => {
        const listed = bare(entry);
        return [
          listed,
          listed.replace(KIND, (_, kind: string) => `${BELONGING[kind] ?? kind} `),
          listed.replace(ATTACHED_FOREIGN, 'FOREIGN TABLE '),
        ].some((text) => names.has(text));
      };
      const others = new Set(made.toc.entries.filter((entry) => lostOnes.made.has(keyOf(entry))).map(bare));
      const dependents = {
        ...lostOnes,
        entries: toc.entries.filter((entry) => others.has(bare(entry))),
        contents: toc.entries.filter(
          (entry) => VIEW_CONTENT.test(entry.text) && others.has(bare(entry).replace(VIEW_CONTENT, '$1 ')),
        ),
      };
      const everything = new Set([...objects, ...lostOnes.made]);
      const outer = await outerPartitions(client, tables);
      const entries = attachedLast(toc.entries.filter(belongs), outer);
      const isRepeated = ({ label, text }: TocEntry): boolean =>
        OF_INDEX.test(text) && repeated.includes(label);
      return {
        tables,
        entries: entries.filter((entry) => !isRepeated(entry)),
        repeated: entries.filter(isRepeated),
        needsSearchPath: entries.some((entry) => repeated.includes(entry.label) && !isRepeated(entry)),
        rights: globals?.isOurs === true ? await rightsOf(client, everything) : undefined,
        comments: await commentsOf(client, everything),
        dependents,
        notMade: describeFailures(lost, toc.entries),
        isFree: await isFreeOfCodeOf(
          client,
          owners.unprivileged,
          tables.map(({ oid }) => oid),
        ),
      };
    });
  } finally {
    await undo(job, temporary);
  }
}

/** Returns the failures of entries that belong to the tables: indexes, keys. */
function partsNotMade(
  { entries }: Toc,
  tables: readonly Table[],
  failures: readonly string[],
): readonly string[] {
  const names = new Set(tables.map(({ schema, table }) => `${schema}.${table}`));
  const ids = new Set(
    entries
      .filter(({ kind, schema, name }) => kind === 'TABLE' && names.has(`${schema}.${name}`))
      .map(({ id }) => id),
  );
  const parts = entries.filter(
    ({ section, dependencies }) => section === 'post-data' && dependencies.some((id) => ids.has(id)),
  );
  return failures.filter((failure) => parts.some((part) => isOfEntry(failure, part)));
}

/**
 * @throws BackupError RESTORE_FAILED if a table of the dump could not be created; the message has the cause
 */
function expectMade(
  { entries }: Toc,
  { tables, schemas }: { readonly tables: readonly TableName[]; readonly schemas: readonly string[] },
  made: readonly Table[],
  failures: readonly string[],
): void {
  const isMeant = ({ kind, schema = '', name }: TocEntry): boolean =>
    kind === 'TABLE' &&
    (schemas.includes(schema) || tables.some((one) => one.schema === schema && one.table === name));
  const lacking = entries.filter(
    (entry) =>
      isMeant(entry) && !made.some(({ schema, table }) => schema === entry.schema && table === entry.name),
  );
  if (lacking.length === 0) return;
  const labels = lacking.map(({ label }) => label).join(', ');
  throw restoreFailed(`${labels} cannot be made. ${failures.join(' | ')}`);
}

/** Partitions of tables that stay unchanged: their names and those of their indexes, as in entries. */
interface OuterPartitions {
  readonly tables: readonly string[];
  readonly indexes: readonly string[];
}

const OUTER = `
  SELECT n.nspname || ' ' || c.relname AS name, c.relkind IN ('i', 'I') AS index FROM pg_catalog.pg_inherits h LEFT JOIN pg_catalog.pg_index i ON i.indrelid = h.inhrelid
    JOIN pg_catalog.pg_class c ON c.oid IN (h.inhrelid, i.indexrelid) JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE h.inhrelid = ANY ($1) AND h.inhparent <> ALL ($1)`;

async function outerPartitions(client: pg.Client, tables: readonly Table[]): Promise<OuterPartitions> {
  const { rows } = await client.query<{ name: string; index: boolean }>(OUTER, [
    tables.map(({ oid }) => oid),
  ]);
  return {
    tables: rows.filter(({ index }) => !index).map(({ name }) => name),
    indexes: rows.filter(({ index }) => index).map(({ name }) => name),
  };
}

/**
 * Attaches a partition of a remaining table after its keys and indexes exist: otherwise the table would add
 * its own. Attaching includes the indexes.
 */
function attachedLast(
  entries: readonly TocEntry[],
  { tables, indexes }: OuterPartitions,
): readonly TocEntry[] {
  const is = ({ label }: TocEntry, kind: string, names: readonly string[]): boolean =>
    names.some((name) => label === sanitized(`${kind} ${name}`));
  const rest = entries.filter((entry) => !is(entry, 'INDEX ATTACH', indexes));
  return [
    ...rest.filter((entry) => !is(entry, 'TABLE ATTACH', tables)),
    ...rest.filter((entry) => is(entry, 'TABLE ATTACH', tables)),
  ];
}

/** Returns the index of a key: it has the same name, and a partition's entry refers to it. */
function indexOfConstraint(text: string, tables: readonly Table[]): readonly string[] {
  return tables.flatMap(({ schema, table }) => {
    const prefix = `CONSTRAINT ${schema} ${table} `;
    return text.startsWith(prefix) ? [`INDEX ${schema} ${text.slice(prefix.length)}`] : [];
  });
}
