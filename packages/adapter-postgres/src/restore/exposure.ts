import { IDENTIFIER, nameOf } from '../connection/identifiers.ts';
import { referencedTable, type TocEntry } from './toc/toc.ts';

/** Objects of superusers for which PostgreSQL evaluates code of other roles as the superuser. */
export interface Exposure {
  /** Tables: evaluated while rows are loaded, indexes built, keys validated and partitions attached. */
  readonly tables: ReadonlySet<TocEntry>;
  /** Materialized views: evaluated when they are filled. */
  readonly views: ReadonlySet<TocEntry>;
  /** Routines and types that the tables name: the evaluating role needs the privilege to use them. */
  readonly uses: ReadonlySet<TocEntry>;
}

/**
 * Matches two names with a point between. The server writes definitions with an empty search_path, so names
 * without a schema are its own. The match consumes nothing: a quote within a text could start a name that
 * hides the next one.
 */
const QUALIFIED = new RegExp(`(?<![\\p{L}\\p{N}_$])(?=(${IDENTIFIER})\\.(${IDENTIFIER}))`, 'gu');

const OPERATOR = new RegExp(`OPERATOR\\((?=(${IDENTIFIER})\\.([^)]+)\\))`, 'gu');

/** Kinds of entries that are code, or a type that may have code. */
const CODE =
  /^(?:FUNCTION|PROCEDURE|AGGREGATE|OPERATOR|OPERATOR CLASS|OPERATOR FAMILY|DOMAIN|TYPE|VIEW|TEXT SEARCH (?:CONFIGURATION|DICTIONARY))$/;

/** Kinds of code that run the code they name. The owner of a routine is responsible for its body. */
const PASSES_ON = /^(?:OPERATOR|OPERATOR CLASS|OPERATOR FAMILY|DOMAIN|TYPE|VIEW)$/;

const USABLE = /^(?:FUNCTION|AGGREGATE|TYPE|DOMAIN)$/;

/** Returns the qualified names in a definition, as `schema.name`. Some may be other texts with a point. */
export function namesIn(definition: string): readonly string[] {
  return [...definition.matchAll(QUALIFIED)]
    .map(([, schema = '', name = '']) => `${nameOf(schema)}.${nameOf(name)}`)
    .concat(
      [...definition.matchAll(OPERATOR)].map(([, schema = '', name = '']) => `${nameOf(schema)}.${name}`),
    );
}

/** Returns the schemas that a definition names; some may be table names. */
export function schemasIn({ definition }: TocEntry): readonly string[] {
  return [...definition.matchAll(QUALIFIED)].map(([, schema = '']) => nameOf(schema));
}

/**
 * Finds objects of superusers that name code of other roles.
 * @param entries all entries of the dump
 * @param unprivileged owners that are not superusers
 */
export function exposureOf(entries: readonly TocEntry[], unprivileged: ReadonlySet<string>): Exposure {
  const cast = new Set(
    entries.filter(({ kind }) => kind === 'CAST').flatMap(({ definition }) => namesIn(definition)),
  );
  const isCode = (entry: TocEntry): boolean =>
    CODE.test(entry.kind) && (!isEnum(entry) || cast.has(nameOfEntry(entry)));
  const code = new Set(
    entries.filter((entry) => isCode(entry) && unprivileged.has(entry.owner)).map(nameOfEntry),
  );
  const privileged = entries.filter(({ owner }) => !unprivileged.has(owner));
  const namesCode = ({ definition }: TocEntry): boolean => namesIn(definition).some((name) => code.has(name));
  untilStable(() => {
    for (const entry of privileged)
      if (PASSES_ON.test(entry.kind) && namesCode(entry)) code.add(nameOfEntry(entry));
    return code.size;
  });

  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const relations = new Map(
    entries.filter(({ kind }) => kind === 'TABLE').map((entry) => [nameOfEntry(entry), entry]),
  );
  const exposed = new Set<TocEntry>();
  const expose = (table: TocEntry | undefined): void => {
    if (table?.kind === 'TABLE' && !unprivileged.has(table.owner)) exposed.add(table);
  };
  const isOfOthers = (table: TocEntry | undefined): boolean =>
    table !== undefined && (exposed.has(table) || unprivileged.has(table.owner));
  for (const entry of entries) {
    if (entry.kind === 'TABLE' && (entry.owner === 'pg_database_owner' || namesCode(entry))) expose(entry);
    if (entry.section === 'post-data' && namesCode(entry))
      for (const id of entry.dependencies) expose(byId.get(id));
  }
  untilStable(() => {
    for (const { kind, definition, dependencies } of entries) {
      const of = dependencies.map((id) => byId.get(id));
      if (kind === 'TABLE ATTACH' && of.some(isOfOthers)) of.forEach(expose);
      if (kind !== 'FK CONSTRAINT') continue;
      // The check of a key runs as the owner of either table, and may convert values by code of a type.
      const referenced = referencedTable(definition);
      const both = [...of, referenced && relations.get(`${referenced.schema}.${referenced.name}`)];
      if (both.some(isOfOthers)) both.forEach(expose);
    }
    return exposed.size;
  });
  const ids = new Set([...exposed].map(({ id }) => id));
  const uses = usesOf(entries);
  return {
    tables: exposed,
    uses: new Set(
      entries
        .filter(({ id, dependencies }) => ids.has(id) || dependencies.some((one) => ids.has(one)))
        .flatMap((entry) => [...uses(entry)]),
    ),
    views: new Set(privileged.filter((entry) => entry.kind === 'MATERIALIZED VIEW' && namesCode(entry))),
  };
}

/** Returns a function that finds the routines and types that an entry, its operators and its types name. */
export function usesOf(entries: readonly TocEntry[]): (entry: TocEntry) => ReadonlySet<TocEntry> {
  const byName = new Map<string, TocEntry[]>();
  for (const entry of entries)
    if (USABLE.test(entry.kind) || PASSES_ON.test(entry.kind))
      byName.set(nameOfEntry(entry), [...(byName.get(nameOfEntry(entry)) ?? []), entry]);
  return (start) => {
    const found = new Set<TocEntry>();
    const follow = ({ definition }: TocEntry): void => {
      for (const name of namesIn(definition))
        for (const used of byName.get(name) ?? [])
          if (!found.has(used)) {
            found.add(used);
            if (PASSES_ON.test(used.kind)) follow(used);
          }
    };
    follow(start);
    return new Set([...found].filter(({ kind }) => USABLE.test(kind)));
  };
}

/** Returns whether an entry is code, or a type that may have code. */
export function isCodeOrType(entry: Pick<TocEntry, 'kind' | 'definition'>): boolean {
  return CODE.test(entry.kind) && !isEnum(entry);
}

function isEnum({ definition }: Pick<TocEntry, 'definition'>): boolean {
  return definition.includes(' AS ENUM (');
}

/** Returns the names of exposed objects, as `schema.name`. */
export function namesOf({ tables, views }: Exposure): readonly string[] {
  return [...tables, ...views].map(nameOfEntry);
}

function nameOfEntry({ kind, schema, name }: TocEntry): string {
  return `${schema}.${/^(?:FUNCTION|PROCEDURE|AGGREGATE)$/.test(kind) ? name.split('(')[0] : name}`;
}

/** Repeats work until it adds nothing. */
function untilStable(work: () => number): void {
  for (let before = -1, after = 0; after !== before; ) [before, after] = [after, work()];
}
