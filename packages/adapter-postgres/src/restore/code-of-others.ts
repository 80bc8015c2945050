import type pg from 'pg';

const CLASS = (name: string): string => `'pg_catalog.${name}'::pg_catalog.regclass`;

/**
 * SQL: what relations lead to by their columns, defaults, constraints, indexes and types. Relations that they
 * name are not followed.
 * @param roots SQL that gives the numbers of relations
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

/** SQL: whether a row r of `reached` is code or a type of one of the roles that $1 names. */
const IS_OF_OTHERS = `(
    EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE r.classid = ${CLASS('pg_proc')} AND p.oid = r.objid AND pg_catalog.pg_get_userbyid(p.proowner) = ANY ($1))
    OR EXISTS (SELECT FROM pg_catalog.pg_type t WHERE r.classid = ${CLASS('pg_type')} AND t.oid = r.objid AND t.typtype = 'd' AND pg_catalog.pg_get_userbyid(t.typowner) = ANY ($1))
    OR EXISTS (SELECT FROM pg_catalog.pg_operator o WHERE r.classid = ${CLASS('pg_operator')} AND o.oid = r.objid AND pg_catalog.pg_get_userbyid(o.oprowner) = ANY ($1)))`;

/**
 * Whether rows of some tables can be loaded, and keys of others to them validated, without that code of the given
 * roles is evaluated: neither their own functions, nor what they call that does more than compute a value.
 */
export async function isFreeOfCodeOf(
  client: pg.Client,
  roles: ReadonlySet<string>,
  tables: readonly number[],
): Promise<boolean> {
  const { rows } = await client.query<{ free: boolean }>(
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
                          JOIN pg_catalog.pg_proc p ON p.oid = f.ids[1]::oid WHERE p.provolatile <> 'i') AS free`,
    [[...roles], [...tables]],
  );
  return rows[0]?.free === true;
}
