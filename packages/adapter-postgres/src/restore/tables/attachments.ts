import type pg from 'pg';
import { ownersOf } from '../../dump/owners.ts';
import { columnsOf, type ObjectSet } from './object-closure.ts';
import { NOT_THERE, passingOver } from '../execute.ts';

/*
 * Comments, owners and privileges of objects, which are not in their creating statements. They come from the
 * catalog: a dump's table of contents does not assign such entries to objects.
 */
const OBJECTS =
  'SELECT * FROM ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::oid[])) AS o (catalog, oid)';

const COMMENTS = `
  SELECT pg_catalog.format('COMMENT ON %s %s IS %L;',
           CASE i.type WHEN 'table column' THEN 'COLUMN' WHEN 'view column' THEN 'COLUMN' WHEN 'materialized view column' THEN 'COLUMN'
             WHEN 'foreign table column' THEN 'COLUMN' WHEN 'composite type column' THEN 'COLUMN' WHEN 'table constraint' THEN 'CONSTRAINT'
             WHEN 'statistics object' THEN 'STATISTICS' WHEN 'domain constraint' THEN 'CONSTRAINT' ELSE pg_catalog.upper(i.type) END,
           CASE i.type WHEN 'domain constraint' THEN (SELECT pg_catalog.format('%I ON DOMAIN %s', k.conname, k.contypid::pg_catalog.regtype) FROM pg_catalog.pg_constraint k WHERE k.oid = d.objoid)
             ELSE i.identity END, d.description) AS statement
    FROM (${OBJECTS}) o JOIN pg_catalog.pg_description d ON d.classoid = o.catalog AND d.objoid = o.oid
    CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classoid, d.objoid, d.objsubid) i
   ORDER BY 1`;

const WHO = `CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END`;
const OPTION = `CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END`;
const RELATIONS = `
  (SELECT c.*, pg_catalog.format('%s %I.%I', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, c.relname) AS named
     FROM (${OBJECTS}) o JOIN pg_catalog.pg_class c ON o.catalog = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = o.oid AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace) c`;

const ROUTINES = `(${OBJECTS}) o JOIN pg_catalog.pg_proc p ON o.catalog = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = o.oid`;

/* New objects get default privileges, and routines those of PUBLIC, so the statements first revoke all. */
const GRANTS = `
  SELECT 1 AS rank, pg_catalog.format('SELECT pg_temp.geolens_revoke(%L, %L);', pg_catalog.split_part(c.named, ' ', 1), pg_catalog.substr(c.named, pg_catalog.strpos(c.named, ' ') + 1)) AS statement FROM ${RELATIONS}
  UNION ALL
  SELECT 1, pg_catalog.format('SELECT pg_temp.geolens_revoke(%L, %L);', 'ROUTINE', p.oid::pg_catalog.regprocedure) FROM ${ROUTINES}
  UNION ALL
  SELECT 2, pg_catalog.format('GRANT %s ON %s TO %s%s;', a.privilege_type, c.named, ${WHO}, ${OPTION}) FROM ${RELATIONS}, pg_catalog.aclexplode(c.relacl) a WHERE a.grantee <> c.relowner
  UNION ALL
  SELECT 2, pg_catalog.format('GRANT %s (%I) ON %s TO %s%s;', a.privilege_type, t.attname, c.named, ${WHO}, ${OPTION})
    FROM ${RELATIONS} JOIN pg_catalog.pg_attribute t ON t.attrelid = c.oid AND t.attnum > 0 AND NOT t.attisdropped, pg_catalog.aclexplode(t.attacl) a
  UNION ALL
  SELECT 2, pg_catalog.format('GRANT EXECUTE ON ROUTINE %s TO %s%s;', p.oid::pg_catalog.regprocedure, ${WHO}, ${OPTION})
    FROM ${ROUTINES}, pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) a WHERE a.grantee <> p.proowner
  ORDER BY 1, 2`;

/** Creates a function for the session that revokes all privileges on an object, except the owner's. */
export const REVOKE_HELPER = `
CREATE FUNCTION pg_temp.geolens_revoke(kind text, object text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $geolens$
DECLARE who text;
BEGIN
  FOR who IN SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END
      FROM (SELECT relacl, relowner FROM pg_class WHERE oid = CASE WHEN kind <> 'ROUTINE' THEN object::regclass END
            UNION ALL SELECT coalesce(proacl, acldefault('f', proowner)), proowner FROM pg_proc WHERE oid = CASE WHEN kind = 'ROUTINE' THEN object::regprocedure END
           ) AS o (acl, owner), aclexplode(o.acl) a WHERE a.grantee <> o.owner LOOP
    EXECUTE 'REVOKE ALL ON ' || kind || ' ' || object || ' FROM ' || who;
  END LOOP;
END $geolens$;
`;

/**
 * Returns owners and privileges of the objects, as statements for recreated ones. They need REVOKE_HELPER.
 */
export async function rightsOf(client: pg.Client, objects: ObjectSet): Promise<readonly string[]> {
  return [...(await ownersOf(client, objects)), ...(await statementsFor(client, GRANTS, objects))];
}

/** Returns comments of the objects, as statements. */
export async function commentsOf(client: pg.Client, objects: ObjectSet): Promise<readonly string[]> {
  return statementsFor(client, COMMENTS, objects);
}

async function statementsFor(client: pg.Client, sql: string, objects: ObjectSet): Promise<readonly string[]> {
  const { rows } = await client.query<{ statement: string }>(sql, columnsOf([...objects]));
  return rows.map(({ statement }) => statement);
}

/** Makes the server skip statements of rightsOf whose objects are missing. */
export function whereTheyFit(rights: readonly string[]): readonly string[] {
  return rights.map((statement) => passingOver(statement.replace(/^SELECT /, 'PERFORM '), NOT_THERE));
}
