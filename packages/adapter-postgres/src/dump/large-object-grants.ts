import type pg from 'pg';
import { textRows } from '../connection/text-rows.ts';
import { granteeOf, isRevoked } from './acl-queries.ts';

/**
 * Privileges on large objects: a schema-only dump has neither these nor their privileges. By default, the
 * owner has all privileges and no other role has one.
 */
const STATEMENTS = `
  SELECT l.oid, 1 AS rank, pg_catalog.format('REVOKE %s ON LARGE OBJECT %s FROM %s;', d.privilege_type, l.oid, ${granteeOf('l.lomowner', 'l.lomowner')}) AS statement
    FROM pg_catalog.pg_largeobject_metadata l, pg_catalog.aclexplode(pg_catalog.acldefault('L', l.lomowner)) d WHERE ${isRevoked('l.lomacl')}
  UNION ALL
  SELECT l.oid, 2, pg_catalog.format('GRANT %s ON LARGE OBJECT %s TO %s%s;', a.privilege_type, l.oid,
           ${granteeOf('a.grantee', 'l.lomowner')}, CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END)
    FROM pg_catalog.pg_largeobject_metadata l, pg_catalog.aclexplode(l.lomacl) a
   WHERE a.grantee <> l.lomowner OR a.is_grantable
   ORDER BY oid, rank, statement`;

/** Returns the statements; none if all large objects have the default privileges. */
export async function largeObjectGrantsOf(client: pg.Client): Promise<readonly string[]> {
  const rows = await textRows<{ statement: string }>(client, STATEMENTS, ['statement']);
  return rows.map(({ statement }) => statement);
}
