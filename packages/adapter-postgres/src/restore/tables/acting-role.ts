import { BackupError } from '@geolens/backup-core';
import type pg from 'pg';
import { IDENTIFIER } from '../../connection/identifiers.ts';
import { isFreeOfCodeOf } from '../code-of-others.ts';
import { rolesWithoutSuperuser } from '../owners.ts';
import type { SessionParts } from '../session-parts.ts';
import type { PresentTables } from './present-tables.ts';
import type { TocEntry } from '../toc/toc.ts';
import type { WantedTables } from './wanted-tables.ts';

const REFERENCED = new RegExp(` REFERENCES (${IDENTIFIER}\\.${IDENTIFIER})\\(`, 'u');

/**
 * Returns the role that replaces tables: their owner, if no other role is concerned, for loading rows evaluates
 * what the owner wrote. `undefined` stands for the restoring role: everything belongs to superusers, or no code
 * of other roles is evaluated.
 * @throws BackupError RESTORE_REFUSED if several roles are concerned and one of them has code in the tables
 */
export async function actingRole(
  { server, database }: SessionParts,
  wanted: WantedTables,
  present: PresentTables,
): Promise<string | undefined> {
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
  if (owners.size === 1) return first;
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
  throw new BackupError(
    'RESTORE_REFUSED',
    `the tables and what depends on them belong to several roles (${[...owners].join(', ')}), and have functions or operators of ${[...unprivileged].join(', ')} in checks, generated columns, indexes or types, which one session would run with the rights of another role; nothing was changed`,
    { hint: 'Restore the whole database, or the tables of one role at a time' },
  );
}

interface ReferencedTable {
  readonly oid: number;
  readonly owner: string;
}

/** Returns the tables that foreign keys among the entries refer to and the role must not refer to. */
async function referencedTables(
  client: pg.Client,
  entries: readonly TocEntry[],
  role: string,
): Promise<readonly ReferencedTable[]> {
  const names = entries.flatMap(({ kind, statement }) =>
    kind === 'FK CONSTRAINT' ? (REFERENCED.exec(statement)?.slice(1) ?? []) : [],
  );
  const { rows } = await client.query<ReferencedTable>(
    `SELECT c.oid::bigint::integer AS oid, pg_catalog.pg_get_userbyid(c.relowner) AS owner
       FROM pg_catalog.pg_class c WHERE c.oid = ANY (SELECT pg_catalog.to_regclass(name)::oid FROM pg_catalog.unnest($1::text[]) name)
        AND NOT pg_catalog.has_table_privilege($2, c.oid, 'REFERENCES')`,
    [names, role],
  );
  return rows;
}
