import { BackupError } from '@geolens/backup-core';
import type pg from 'pg';
import { valuesOf } from '../../connection/queries.ts';
import { quoteIdentifier } from '../../connection/identifiers.ts';
import { isFreeOfCodeOf } from '../code-of-others.ts';
import { rolesWithoutSuperuser } from '../owners.ts';
import type { SessionParts } from '../session-parts.ts';
import type { PresentTables } from './present-tables.ts';
import { referencedTable, type TocEntry } from '../toc/toc.ts';
import type { WantedTables } from './wanted-tables.ts';

/**
 * Returns the role that replaces tables. `undefined` means the restoring role: superusers own everything, or
 * loading rows evaluates no code of other roles. Otherwise it is the owner, if no other role is involved.
 * @throws BackupError RESTORE_REFUSED if several roles are involved, or the owner may not create tables
 */
export async function actingRole(
  parts: SessionParts,
  wanted: WantedTables,
  present: PresentTables,
): Promise<string | undefined> {
  const { server, database } = parts;
  if (!server.superuser) return undefined;
  const { entries, repeated, dependents } = wanted;
  const made = [...entries, ...repeated, ...dependents.entries, ...dependents.contents];
  const concerned = new Set(
    [...made.map(({ owner }) => owner), ...present.owners].filter((name) => name !== ''),
  );
  const [first] = await rolesWithoutSuperuser(server, [...concerned]);
  if (first === undefined) return undefined;
  const referenced = await server.within(database, 'looking for keys to tables of other roles', (client) =>
    referencedTables(client, made, first),
  );
  const owners = new Set([...concerned, ...referenced.map(({ owner }) => owner)]);
  const unprivileged = new Set(await rolesWithoutSuperuser(server, [...owners]));
  const isFree =
    wanted.isFree &&
    (await server.within(database, 'looking for code of other roles', (client) =>
      isFreeOfCodeOf(client, unprivileged, [
        ...present.tables.map(({ oid }) => oid),
        ...present.referencing,
        ...referenced.map(({ oid }) => oid),
      ]),
    ));
  if (isFree) return undefined;
  if (owners.size === 1) {
    await expectCreate(parts, wanted, first);
    return first;
  }
  throw new BackupError(
    'RESTORE_REFUSED',
    `the tables and what depends on them belong to several roles (${[...owners].join(', ')}), and have functions or operators of ${[...unprivileged].join(', ')} in checks, generated columns, indexes or types, which one session would run with the rights of another role; nothing was changed`,
    { hint: 'Restore the whole database, or the tables of one role at a time' },
  );
}

/** Checks the CREATE privilege. A temporary grant would also give it to other sessions of the role. */
async function expectCreate(
  { server, database }: SessionParts,
  { tables }: WantedTables,
  role: string,
): Promise<void> {
  const lacking = await server.within(database, 'asking for privileges on schemas', async (client) => {
    return valuesOf(
      client,
      `SELECT n.nspname FROM pg_catalog.pg_namespace n
        WHERE n.nspname = ANY ($1) AND NOT pg_catalog.has_schema_privilege($2, n.oid, 'CREATE') ORDER BY 1`,
      [[...new Set(tables.map(({ schema }) => schema))], role],
    );
  });
  if (lacking.length === 0) return;
  const on = `CREATE ON SCHEMA ${lacking.map(quoteIdentifier).join(', ')}`;
  throw new BackupError(
    'RESTORE_REFUSED',
    `the tables have functions in checks, generated columns or types, so that their owner ${role} has to restore them, and it may not create tables there; nothing was changed`,
    {
      hint: `Grant it for the time of the restore: GRANT ${on} TO ${quoteIdentifier(role)}. Afterwards: REVOKE ${on} FROM ${quoteIdentifier(role)}`,
    },
  );
}

interface OwnedReference {
  readonly oid: number;
  readonly owner: string;
}

/** Returns the tables that foreign keys in the entries refer to, but that the role may not refer to. */
async function referencedTables(
  client: pg.Client,
  entries: readonly TocEntry[],
  role: string,
): Promise<readonly OwnedReference[]> {
  const names = entries.flatMap(({ kind, statement }) =>
    kind === 'FK CONSTRAINT' ? (referencedTable(statement)?.named ?? []) : [],
  );
  const { rows } = await client.query<OwnedReference>(
    `SELECT c.oid::bigint::integer AS oid, pg_catalog.pg_get_userbyid(c.relowner) AS owner
       FROM pg_catalog.pg_class c WHERE c.oid = ANY (SELECT pg_catalog.to_regclass(name)::oid FROM pg_catalog.unnest($1::text[]) name)
        AND NOT pg_catalog.has_table_privilege($2, c.oid, 'REFERENCES')`,
    [names, role],
  );
  return rows;
}
