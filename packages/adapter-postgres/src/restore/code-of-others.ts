import type pg from 'pg';
import { valueOf } from '../connection/queries.ts';
import { isCodeOrType } from './exposure.ts';
import type { Server } from './server.ts';
import type { TocEntry } from './toc/toc.ts';

const CLASS = (name: string): string => `'pg_catalog.${name}'::pg_catalog.regclass`;

/**
 * Returns SQL for the objects that relations reach by their columns, defaults, constraints, indexes and
 * types. Does not follow relations that they name.
 * @param roots SQL that returns OIDs of relations
 */
function reachedFrom(roots: string): string {
  return `reached (root, classid, objid) AS (
      SELECT oid, ${CLASS('pg_class')}::oid, oid FROM (${roots}) roots (oid)
    UNION
      SELECT r.root, next.classid, next.objid
        FROM reached r CROSS JOIN LATERAL (
          SELECT d.refclassid, d.refobjid FROM pg_catalog.pg_depend d
           WHERE d.classid = r.classid AND d.objid = r.objid AND d.deptype <> 'e' AND d.refclassid <> ${CLASS('pg_class')}
          UNION ALL
          SELECT d.classid, d.objid FROM pg_catalog.pg_depend d
           WHERE d.refclassid = r.classid AND d.refobjid = r.objid AND d.deptype IN ('a', 'i') AND r.classid IN (${CLASS('pg_class')}, ${CLASS('pg_type')})
             AND (d.classid IN (${CLASS('pg_attrdef')}, ${CLASS('pg_constraint')})
                  OR d.classid = ${CLASS('pg_class')} AND EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indexrelid = d.objid))) next (classid, objid))`;
}

/** SQL condition: a row r of `reached` is code or a type of one of the roles that $1 names. */
const IS_OF_OTHERS = `(
    EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE r.classid = ${CLASS('pg_proc')} AND p.oid = r.objid AND pg_catalog.pg_get_userbyid(p.proowner) = ANY ($1))
    OR EXISTS (SELECT FROM pg_catalog.pg_type t WHERE r.classid = ${CLASS('pg_type')} AND t.oid = r.objid AND t.typtype = 'd' AND pg_catalog.pg_get_userbyid(t.typowner) = ANY ($1))
    OR EXISTS (SELECT FROM pg_catalog.pg_operator o WHERE r.classid = ${CLASS('pg_operator')} AND o.oid = r.objid AND pg_catalog.pg_get_userbyid(o.oprowner) = ANY ($1)))`;

/**
 * Returns whether loading rows of tables, and validating keys of other tables to them, evaluates no code of
 * the given roles. That code is their own functions and the functions these call, except those that only
 * compute a value.
 */
export async function isFreeOfCodeOf(
  client: pg.Client,
  roles: ReadonlySet<string>,
  tables: readonly number[],
): Promise<boolean> {
  return valueOf<boolean>(
    client,
    `WITH RECURSIVE ${reachedFrom('SELECT unnest FROM pg_catalog.unnest($2::oid[])')},
     theirs AS (SELECT r.* FROM reached r JOIN pg_catalog.pg_class c ON c.oid = r.root WHERE pg_catalog.pg_get_userbyid(c.relowner) = ANY ($1)),
     expressions (tree) AS (
       SELECT k.conbin::text FROM theirs r JOIN pg_catalog.pg_constraint k ON r.classid = ${CLASS('pg_constraint')} AND k.oid = r.objid
       UNION ALL SELECT a.adbin::text FROM theirs r JOIN pg_catalog.pg_attrdef a ON r.classid = ${CLASS('pg_attrdef')} AND a.oid = r.objid
          JOIN pg_catalog.pg_attribute t ON t.attrelid = a.adrelid AND t.attnum = a.adnum AND t.attgenerated <> ''
       UNION ALL SELECT pg_catalog.concat(i.indexprs::text, i.indpred::text) FROM theirs r JOIN pg_catalog.pg_index i ON r.classid = ${CLASS('pg_class')} AND i.indexrelid = r.objid
       UNION ALL SELECT p.partexprs::text FROM theirs r JOIN pg_catalog.pg_partitioned_table p ON r.classid = ${CLASS('pg_class')} AND p.partrelid = r.objid)
     SELECT NOT EXISTS (SELECT FROM reached r WHERE ${IS_OF_OTHERS})
        AND NOT EXISTS (SELECT FROM expressions CROSS JOIN LATERAL pg_catalog.regexp_matches(tree, ':(?:funcid|opfuncid) (\\d+)', 'g') AS f (ids)
                          JOIN pg_catalog.pg_proc p ON p.oid = f.ids[1]::oid WHERE p.provolatile <> 'i')`,
    [[...roles], [...tables]],
  );
}

/** Matches a default at the end of a column's line; rows have their own values. */
const DEFAULT = /^( {4}[a-z_][a-z_0-9]* [a-z_][a-z_0-9 .,()[\]]*?) DEFAULT .*$/gm;

/** Matches a column without an expression. The server starts lines within an expression with keywords. */
const PLAIN_COLUMN = /^ {4}[a-z_][a-z_0-9]* [a-z_][a-z_0-9 .,()[\]]*(?: NOT NULL)?,?$/gm;

const CALL = /([a-z_][a-z_0-9]*)\(/g;

/** Matches a function or operator that is not PostgreSQL's. */
const FOREIGN_CALL = /\.(?:[^\s.("]+|"[^"]*")\(|OPERATOR\(/;

/**
 * Returns whether restoring the rows of some roles evaluates only PostgreSQL functions that compute a value.
 * It may return `false` for safe definitions, but never `true` for unsafe ones.
 */
export async function needsNoLogin(
  server: Server,
  entries: readonly TocEntry[],
  roles: ReadonlySet<string>,
): Promise<boolean> {
  const theirs = entries.filter(({ owner }) => roles.has(owner));
  if (theirs.some(({ kind, definition }) => kind !== 'VIEW' && isCodeOrType({ kind, definition })))
    return false;
  const definitions = theirs
    .filter(({ kind }) => kind === 'TABLE' || kind === 'CHECK CONSTRAINT' || kind === 'TABLE ATTACH')
    .map(({ definition }) => definition);
  // A line within a text or a name can look like a column.
  if (definitions.some((definition) => definition.split('\n').some(isCutInQuotes))) return false;
  const texts = definitions.map((definition) =>
    definition.replaceAll(DEFAULT, '$1').replaceAll(PLAIN_COLUMN, ''),
  );
  if (texts.some((text) => FOREIGN_CALL.test(text))) return false;
  const names = texts.flatMap((text) => [...text.matchAll(CALL)].map(([, name = '']) => name));
  const [isSafe] = await server.values<boolean>(
    'asking which functions only compute a value',
    `SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_proc WHERE proname = ANY ($1) AND provolatile <> 'i')`,
    [[...new Set(names)]],
  );
  return isSafe === true;
}

function isCutInQuotes(line: string): boolean {
  return line.split("'").length % 2 === 0 || line.split('"').length % 2 === 0;
}
