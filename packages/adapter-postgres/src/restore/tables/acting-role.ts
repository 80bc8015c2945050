import { BackupError } from '@geolens/backup-core';
import { isFreeOfCodeOf } from '../code-of-others.ts';
import { rolesWithoutSuperuser } from '../owners.ts';
import type { SessionParts } from '../session-parts.ts';
import type { PresentTables } from './present-tables.ts';
import type { WantedTables } from './wanted-tables.ts';

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
  const owners = new Set(
    [...made.map(({ owner }) => owner), ...present.owners].filter((name) => name !== ''),
  );
  const unprivileged = new Set(await rolesWithoutSuperuser(server, [...owners]));
  const [role] = unprivileged;
  if (role === undefined) return undefined;
  if (owners.size === 1) return role;
  const isFree =
    wanted.isFree &&
    (await server.within(database, 'looking for code of other roles', (client) =>
      isFreeOfCodeOf(client, unprivileged, [...present.tables.map(({ oid }) => oid), ...present.referencing]),
    ));
  if (isFree) return undefined;
  throw new BackupError(
    'RESTORE_REFUSED',
    `the tables and what depends on them belong to several roles (${[...owners].join(', ')}), and have functions or operators of ${[...unprivileged].join(', ')} in checks, generated columns, indexes or types, which one session would run with the rights of another role; nothing was changed`,
    { hint: 'Restore the whole database, or the tables of one role at a time' },
  );
}
