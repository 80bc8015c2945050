import type pg from 'pg';
import { textRows } from '../connection/text-rows.ts';

/*
 * Catalogs of objects with owners, and their keywords in ALTER … OWNER TO; pg_identify_object returns the
 * keywords of relations. Excludes default privileges and user mappings, which have no ALTER … OWNER. Also
 * excludes subscriptions, which a restore leaves disabled.
 */
const KINDS = `
  VALUES ('pg_class', NULL), ('pg_proc', 'ROUTINE'), ('pg_type', 'TYPE'), ('pg_namespace', 'SCHEMA'), ('pg_operator', 'OPERATOR'),
    ('pg_opclass', 'OPERATOR CLASS'), ('pg_opfamily', 'OPERATOR FAMILY'), ('pg_collation', 'COLLATION'), ('pg_conversion', 'CONVERSION'),
    ('pg_language', 'LANGUAGE'), ('pg_foreign_data_wrapper', 'FOREIGN DATA WRAPPER'), ('pg_foreign_server', 'SERVER'),
    ('pg_event_trigger', 'EVENT TRIGGER'), ('pg_publication', 'PUBLICATION'), ('pg_ts_dict', 'TEXT SEARCH DICTIONARY'),
    ('pg_ts_config', 'TEXT SEARCH CONFIGURATION'), ('pg_statistic_ext', 'STATISTICS'), ('pg_largeobject', 'LARGE OBJECT')`;

/*
 * pg_shdepend records all owners except the bootstrap superuser, whose objects become owned by the restoring
 * role. Extension members come with the extension. Column sequences and multiranges follow their parent
 * objects. A multirange does so since version 17, which refuses the statement. In earlier versions it stays
 * owned by the restoring role, which has no effect.
 */
const STATEMENTS = `
  SELECT s.classid::bigint AS catalog, s.objid::bigint AS oid, pg_catalog.format('ALTER %s %s OWNER TO %I;', coalesce(k.words, pg_catalog.upper(o.type)), o.identity,
           pg_catalog.pg_get_userbyid(s.refobjid)) AS statement
    FROM (${KINDS}) AS k (catalog, words)
    JOIN pg_catalog.pg_shdepend s ON s.classid = pg_catalog.to_regclass('pg_catalog.' || k.catalog) AND s.deptype = 'o'
     AND s.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    CROSS JOIN LATERAL pg_catalog.pg_identify_object(s.classid, s.objid, 0) o
    LEFT JOIN pg_catalog.pg_class c ON k.catalog = 'pg_class' AND c.oid = s.objid
    LEFT JOIN pg_catalog.pg_type t ON k.catalog = 'pg_type' AND t.oid = s.objid
   WHERE o.identity IS NOT NULL
     AND coalesce(o.schema, CASE k.catalog WHEN 'pg_namespace' THEN o.name END, '') !~ '^(pg_.*|information_schema)$'
     AND t.typtype IS DISTINCT FROM 'm'
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = s.classid AND d.objid = s.objid
                        AND (d.deptype = 'e' OR c.relkind = 'S' AND d.deptype IN ('a', 'i')))
   ORDER BY k.words NULLS FIRST, o.identity`;

/**
 * Returns the owner of every object in the database, as statements. A dump has owners too, but not those of
 * objects of the bootstrap superuser.
 * @param only catalog and number, separated by a slash, of the wanted objects; defaults to all
 */
export async function ownersOf(client: pg.Client, only?: ReadonlySet<string>): Promise<readonly string[]> {
  const rows = await textRows<{ readonly catalog: string; readonly oid: string; readonly statement: string }>(
    client,
    STATEMENTS,
    ['statement'],
  );
  return rows
    .filter(({ catalog, oid }) => only?.has(`${catalog}/${oid}`) ?? true)
    .map(({ statement }) => statement);
}
