import type pg from 'pg';
import { hasForeignBytes } from '../connection/byte-text.ts';
import { quoteIdentifier } from '../connection/identifiers.ts';
import { BackupError } from '@geolens/backup-core';
import { execute } from './execute.ts';
import type { Server } from './server.ts';

/** A privilege that a role needs to restore its objects. */
export interface NeededPrivilege {
  readonly role: string;
  readonly privilege: 'USAGE' | 'CREATE' | 'EXECUTE';
  /** Name of a schema, or for `EXECUTE` a routine as in a statement, for example `s.f(integer)`. */
  readonly on: string;
}

/** Stands for bytes that are not UTF-8. */
const REPLACEMENT = '\uFFFD';

const LACKING = `
  WITH wanted AS (
    SELECT DISTINCT w.* FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[])) AS w (role, privilege, "on")),
  routines AS (
    SELECT p.oid, pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, CASE p.prokind WHEN 'a' THEN coalesce(nullif(i.arguments, ''), '*') ELSE i.arguments END) AS named
      FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace CROSS JOIN LATERAL pg_catalog.pg_get_function_identity_arguments(p.oid) AS i (arguments)
     WHERE n.nspname <> 'pg_catalog')
  SELECT w.role, w.privilege, w."on" FROM wanted w JOIN pg_catalog.pg_namespace n ON n.nspname = w."on"
   WHERE w.privilege <> 'EXECUTE' AND NOT pg_catalog.has_schema_privilege(w.role, n.oid, w.privilege)
  UNION ALL
  SELECT w.role, w.privilege, w."on" FROM wanted w JOIN routines r ON r.named = w."on"
   WHERE w.privilege = 'EXECUTE' AND NOT pg_catalog.has_function_privilege(w.role, r.oid, w.privilege)
   ORDER BY 1, 2, 3`;

/**
 * Grants privileges that roles lack for the duration of some work. The owner of a table may have lost one on
 * its schema, or on a function of its checks.
 */
export async function withPrivileges<T>(
  server: Server,
  database: string,
  wanted: readonly NeededPrivilege[],
  work: (granted: readonly NeededPrivilege[]) => Promise<T>,
): Promise<T> {
  const inDatabase = <R>(doing: (client: pg.Client) => Promise<R>): Promise<R> =>
    server.within(database, 'granting privileges for the time of the restore', doing);
  const lacking = await inDatabase(async (client) => {
    // The server cannot look up names that are not UTF-8; their owners usually have the privileges.
    const known = wanted.filter(({ on }) => !on.includes(REPLACEMENT) && !hasForeignBytes(on));
    const columns = [
      known.map(({ role }) => role),
      known.map(({ privilege }) => privilege),
      known.map(({ on }) => on),
    ];
    const { rows } = await client.query<NeededPrivilege>(LACKING, columns);
    await execute(
      client,
      rows.map((one) => `GRANT ${textOf(one)} TO ${quoteIdentifier(one.role)}`),
    );
    return rows;
  });
  try {
    return await work(lacking);
  } finally {
    if (lacking.length > 0)
      await inDatabase((client) =>
        execute(
          client,
          lacking.map((one) => `REVOKE ${textOf(one)} FROM ${quoteIdentifier(one.role)}`),
          { goOn: true },
        ),
      ).catch(() => undefined); // the error of the work takes precedence
  }
}

function textOf({ privilege, on }: NeededPrivilege): string {
  return privilege === 'EXECUTE'
    ? `EXECUTE ON ROUTINE ${on}`
    : `${privilege} ON SCHEMA ${quoteIdentifier(on)}`;
}

const OBJECTS = `
  SELECT o.catalog || ' ' || o.oid AS id, o.name
    FROM (SELECT 'pg_class' AS catalog, oid, relname AS name, relnamespace AS schema FROM pg_catalog.pg_class
          UNION ALL SELECT 'pg_type', oid, typname, typnamespace FROM pg_catalog.pg_type
          UNION ALL SELECT 'pg_proc', oid, proname, pronamespace FROM pg_catalog.pg_proc
          UNION ALL SELECT 'pg_operator', oid, oprname, oprnamespace FROM pg_catalog.pg_operator
          UNION ALL SELECT 'pg_opclass', oid, opcname, opcnamespace FROM pg_catalog.pg_opclass
          UNION ALL SELECT 'pg_opfamily', oid, opfname, opfnamespace FROM pg_catalog.pg_opfamily
          UNION ALL SELECT 'pg_collation', oid, collname, collnamespace FROM pg_catalog.pg_collation
          UNION ALL SELECT 'pg_conversion', oid, conname, connamespace FROM pg_catalog.pg_conversion
          UNION ALL SELECT 'pg_ts_dict', oid, dictname, dictnamespace FROM pg_catalog.pg_ts_dict
          UNION ALL SELECT 'pg_ts_config', oid, cfgname, cfgnamespace FROM pg_catalog.pg_ts_config
          UNION ALL SELECT 'pg_statistic_ext', oid, stxname, stxnamespace FROM pg_catalog.pg_statistic_ext) o
    JOIN pg_catalog.pg_namespace n ON n.oid = o.schema WHERE n.nspname = ANY ($1)`;

/**
 * Checks that some work creates only its own objects in schemas of other roles. Code that runs meanwhile
 * could create a function that replaces another.
 * @param names names of the created objects
 * @throws BackupError RESTORE_FAILED if other objects were created; the message names them
 */
export async function makingOnly(
  server: Server,
  database: string,
  { schemas, names }: { readonly schemas: readonly string[]; readonly names: readonly string[] },
  work: () => Promise<void>,
): Promise<void> {
  const look = (): Promise<readonly { readonly id: string; readonly name: string }[]> =>
    server.within(database, 'listing the objects of schemas', async (client) => {
      const { rows } = await client.query<{ id: string; name: string }>(OBJECTS, [schemas]);
      return rows;
    });
  const before = new Set((await look()).map(({ id }) => id));
  await work();
  // The name of an array type is `_` and the name of its element.
  const planted = (await look()).find(
    ({ id, name }) => !before.has(id) && !names.includes(name) && !names.includes(name.replace(/^_+/, '')),
  );
  if (planted !== undefined)
    throw new BackupError(
      'RESTORE_FAILED',
      `code of the dump has made ${quoteIdentifier(planted.name)} in schema ${schemas.map(quoteIdentifier).join(' or ')} while the dump was restored`,
    );
}
