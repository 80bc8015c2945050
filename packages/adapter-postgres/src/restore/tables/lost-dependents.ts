import type pg from 'pg';
import { inlinePartsOf, columnsOf, DEPENDENTS_AND_COLUMNS, type ObjectSet } from './object-closure.ts';
import { objectOf, PG_CLASS, type Table } from './relations.ts';
import type { Toc } from '../toc/toc.ts';

/** OID of pg_publication_rel: the membership of a table in a publication. */
export const PUBLISHED = 6106;

/** Objects that depend on the restored tables and that the backup has, but the live database lacks. */
export interface LostDependents {
  /** Objects of the temporary database that the restore creates again; empty unless requested. */
  readonly made: ObjectSet;
  /** Names of these objects, without their parts. */
  readonly names: readonly string[];
  /** SQL for those of them without an entry in the dump. */
  readonly inline: readonly string[];
  /** Objects that stay missing, one sentence each. */
  readonly incomplete: readonly string[];
  /** Number of `incomplete` objects that can be created again on request. */
  readonly restorable: number;
}

export interface LostDependentsQuery {
  readonly tables: readonly Table[];
  /** The tables with their parts. */
  readonly objects: ObjectSet;
  /** Table of contents of the temporary database. */
  readonly toc: Toc;
  readonly withDependents: boolean;
  /** Runs work in the live database. */
  readonly live: <T>(work: (client: pg.Client) => Promise<T>) => Promise<T>;
}

interface Dependency {
  readonly key: string;
  /** The object that it needs. */
  readonly ref: string;
  /** The same object, or its table if it is a column. */
  readonly whole: string;
  readonly internal: boolean;
  readonly automatic: boolean;
}

const DEPENDENCIES = `
  SELECT pg_catalog.concat(d.classid, '/', d.objid) AS key, pg_catalog.concat_ws('/', d.refclassid, d.refobjid, d.refobjsubid) AS ref,
         pg_catalog.concat_ws('/', d.refclassid, d.refobjid, 0) AS whole, d.deptype = 'i' AS internal, d.deptype = 'a' AS automatic
    FROM pg_catalog.pg_depend d WHERE (d.classid, d.objid) IN (SELECT * FROM ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::oid[])))`;

/** An object in a form that another database can find. */
interface Identity {
  readonly id: string;
  readonly type: string;
  readonly identity: string;
  readonly table: boolean;
}

const IDENTITIES = `
  SELECT pg_catalog.concat_ws('/', o.catalog, o.oid, o.sub) AS id, i.type, i.identity, coalesce(c.relkind IN ('r', 'p', 'f'), false) AS table, o.catalog::bigint::integer AS catalog,
         CASE o.sub WHEN 0 THEN a.type ELSE 'table column' END AS kind, a.object_names AS names, a.object_args AS args
    FROM ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::oid[]), pg_catalog.unnest($3::integer[])) AS o (catalog, oid, sub)
    CROSS JOIN LATERAL pg_catalog.pg_identify_object(o.catalog, o.oid, o.sub) i CROSS JOIN LATERAL pg_catalog.pg_identify_object_as_address(o.catalog, o.oid, o.sub) a
    LEFT JOIN pg_catalog.pg_class c ON o.catalog = ${PG_CLASS} AND c.oid = o.oid`;

/**
 * Creates a function that returns the state of an object, because PostgreSQL reports a missing object only as
 * an error. `taken`: a relation, routine or type of another kind has the name.
 */
const STATE = `
  CREATE FUNCTION pg_temp.geolens_state(kind text, names text[], args text[], catalog integer, identity text) RETURNS text LANGUAGE plpgsql AS $geolens$
  BEGIN
    PERFORM pg_catalog.pg_get_object_address(kind, names, args);
    RETURN 'present';
  EXCEPTION WHEN OTHERS THEN
    BEGIN
      RETURN CASE WHEN catalog IN (1247, ${PG_CLASS}) AND (pg_catalog.to_regclass(identity) IS NOT NULL OR pg_catalog.to_regtype(identity) IS NOT NULL)
                    OR catalog = 1255 AND pg_catalog.to_regprocedure(identity) IS NOT NULL THEN 'taken' ELSE 'missing' END;
    EXCEPTION WHEN OTHERS THEN RETURN 'missing'; -- a type of its name or arguments does not exist
    END;
  END $geolens$`;

const STATES = `SELECT o.id, pg_temp.geolens_state(o.kind, o.names, o.args, o.catalog, o.identity) AS state
  FROM pg_catalog.jsonb_to_recordset($1::jsonb) AS o (id text, kind text, names text[], args text[], catalog integer, identity text)`;

/**
 * Compares the dependents of the tables in the temporary database with those in the live one. Creates only
 * objects whose requirements exist. Never creates tables and columns: their rows would be missing.
 */
export async function lostDependents(
  client: pg.Client,
  { tables, objects, toc, withDependents, live }: LostDependentsQuery,
): Promise<LostDependents> {
  const found = await client.query<{ catalog: string; oid: string; sub: number }>(DEPENDENTS_AND_COLUMNS, [
    tables.map(() => PG_CLASS),
    tables.map((table) => objectOf(table).oid),
  ]);
  const all = found.rows
    .map(({ catalog, oid, sub }) => ({ key: `${catalog}/${oid}`, sub }))
    .filter(({ key }) => !objects.has(key) || key.startsWith(`${PUBLISHED}/`));
  const wholes = new Set(all.filter(({ sub }) => sub === 0).map(({ key }) => key));
  const dependents = all
    .filter(({ key, sub }) => sub === 0 || !wholes.has(key))
    .map(({ key, sub }) => ({ key, sub, id: `${key}/${sub}` }));
  const needs = (await client.query<Dependency>(DEPENDENCIES, columnsOf([...wholes]))).rows.filter(
    ({ whole }) => !objects.has(whole.replace(/\/0$/, '')),
  );
  const { identities, states } = await statesOf(client, live, [
    ...dependents.map(({ id }) => id),
    ...needs.flatMap(({ ref, whole }) => [ref, whole]),
  ]);
  const lost = dependents.filter(({ id }) => states.get(id) !== 'present');
  const ids = new Set(lost.map(({ id }) => id));
  const inline = new Map(
    (await inlinePartsOf(client, wholes, toc)).map(({ key, statement }) => [key, statement]),
  );
  const parts = new Set(
    needs
      .filter(
        ({ key, whole, internal, automatic }) =>
          ids.has(whole) && (internal || (automatic && inline.has(key))),
      )
      .map(({ key }) => key),
  );
  const entries = new Set(toc.entries.map(({ catalog, oid }) => `${catalog}/${oid}`));
  const listed = lost.filter(
    ({ key, sub }) => sub !== 0 || (!parts.has(key) && (entries.has(key) || inline.has(key))),
  );

  const blocked = blockedBy({ lost, listed, needs, identities, states });
  const made = new Set(withDependents ? lost.filter(({ id }) => !blocked.has(id)).map(({ key }) => key) : []);
  const missing = listed.filter(({ key }) => !made.has(key));
  const because = (id: string): string =>
    blocked.has(id) ? `; it cannot be restored with them: ${blocked.get(id)}` : '';
  return {
    made,
    names: listed
      .filter(({ key }) => made.has(key))
      .map(({ id }) => nameOf(identities, id))
      .sort(),
    inline: [...inline].filter(([key]) => made.has(key) && !parts.has(key)).map(([, statement]) => statement),
    incomplete: missing
      .map(
        ({ id }) => `${nameOf(identities, id)} depends on the restored tables and is missing${because(id)}`,
      )
      .sort(),
    restorable: missing.filter(({ id }) => !blocked.has(id)).length,
  };
}

interface Compared {
  readonly identities: ReadonlyMap<string, Identity>;
  /** `present`, `taken` or `missing` in the live database. */
  readonly states: ReadonlyMap<string, string>;
}

function nameOf(identities: Compared['identities'], id: string): string {
  const known = identities.get(id);
  return known === undefined ? id : `${known.type} ${known.identity}`;
}

interface Lost {
  readonly id: string;
  readonly sub: number;
}

/** Returns the lost objects that cannot be created again, because their requirements stay missing. */
function blockedBy({
  lost,
  listed,
  needs,
  identities,
  states,
}: Compared & {
  readonly lost: readonly Lost[];
  readonly listed: readonly Lost[];
  readonly needs: readonly Dependency[];
}): ReadonlyMap<string, string> {
  const blocked = new Map<string, string>();
  for (const { id, sub } of lost)
    if (sub !== 0 || identities.get(id)?.table !== false)
      blocked.set(id, 'tables and their columns are not restored as dependents');
  for (const { id } of listed) if (states.get(id) === 'taken') blocked.set(id, 'another object has its name');
  const ids = new Set(lost.map(({ id }) => id));
  const theirs = needs.filter(({ key }) => ids.has(`${key}/0`));
  for (let size = -1; size < blocked.size; ) {
    size = blocked.size;
    for (const { key, ref, whole, internal } of theirs) {
      const id = `${key}/0`;
      const available = states.get(ref) === 'present' || (ids.has(whole) && !blocked.has(whole));
      if (!available && !blocked.has(id))
        blocked.set(
          id,
          `it needs ${nameOf(identities, states.get(whole) === 'present' ? ref : whole)}, which is missing`,
        );
      const why = blocked.get(id);
      // A view needs its rule.
      if (internal && why !== undefined && ids.has(whole) && !blocked.has(whole)) blocked.set(whole, why);
    }
  }
  return blocked;
}

async function statesOf(
  client: pg.Client,
  live: LostDependentsQuery['live'],
  ids: readonly string[],
): Promise<Compared> {
  const triples = [...new Set(ids)].map((id) => id.split('/'));
  const { rows } = await client.query<Identity>(
    IDENTITIES,
    [0, 1, 2].map((column) => triples.map((triple) => triple[column])),
  );
  const states = await live(async (session) => {
    await session.query(STATE);
    return (await session.query<{ id: string; state: string }>(STATES, [JSON.stringify(rows)])).rows;
  });
  return {
    identities: new Map(rows.map((row) => [row.id, row])),
    states: new Map(states.map(({ id, state }) => [id, state])),
  };
}
