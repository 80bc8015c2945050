import { isBackupError } from '@geolens/backup-core';
import type { RestoreJob } from './session-parts.ts';
import { quoteIdentifier } from '../connection/identifiers.ts';
import { executeTogether } from './execute.ts';
import { needsNoLogin } from './code-of-others.ts';
import { probeLogins, type OwnerLoginsOptions } from './owner-logins.ts';
import type { Server } from './server.ts';
import type { Toc, TocEntry } from './toc/toc.ts';

/** Comment of a role that replaces the bootstrap superuser of another server. */
const STAND_IN = 'geolens-backup: stands in for the owner of what is being restored';

/**
 * Owners of the restored objects from the creation of each object.
 *
 * PostgreSQL runs an owner's expressions as the owner only if it knows the owner. An index, a materialized
 * view or ANALYZE of objects of the restoring superuser would run functions of an unprivileged role as that
 * superuser.
 */
export class Owners implements AsyncDisposable {
  /** Arguments of pg_restore. */
  readonly args: readonly string[];
  /** Notes for the operator. */
  readonly notes: readonly string[];
  /** Owners whose code must not run as a superuser; none if the restoring role owns everything. */
  readonly unprivileged: ReadonlySet<string>;
  /**
   * Whether their objects are restored over logins. Not if there are none, or if the server rejects logins
   * and no object needs one.
   */
  readonly byLogins: boolean;
  private readonly server: Server;
  private readonly standIns: readonly string[];
  private readonly ownsPublic: boolean;

  private constructor(
    server: Server,
    args: readonly string[],
    notes: readonly string[],
    standIns: readonly string[],
    {
      ownsPublic = false,
      unprivileged = [],
      byLogins = false,
    }: { ownsPublic?: boolean; unprivileged?: readonly string[]; byLogins?: boolean } = {},
  ) {
    this.server = server;
    this.unprivileged = new Set(unprivileged);
    this.byLogins = byLogins;
    this.args = args;
    this.notes = notes;
    this.standIns = standIns;
    this.ownsPublic = ownsPublic;
  }

  /**
   * Makes every owner in the dump exist. The roles of the globals already exist.
   *
   * - A restoring role that is not a superuser owns everything. So does one that restores a dump whose single
   *   owner the server lacks: such a dump has no code of other roles.
   * - Globals name the owner of every object, except the bootstrap superuser, and state that it is one. A
   *   stand-in role replaces that one until `handOver`.
   * - Other missing owners are created as roles without rights.
   */
  static async prepare({ server, database, signal, toc, globals }: RestoreJob): Promise<Owners> {
    // A dump has an entry for this schema if its owner is not the default one.
    const hasPublic = toc.entries.some(({ kind, name }) => kind === 'SCHEMA' && name === 'public');
    if (!server.superuser) return new Owners(server, ['--no-owner'], [], []);
    const there = await server.roles();
    const owners = ownersIn(toc);
    const missing = owners.filter((owner) => !there.includes(owner));
    if (missing.length > 0 && owners.length === 1)
      return new Owners(server, ['--no-owner'], [], [], { ownsPublic: hasPublic });
    const isBootstrap = (owner: string): boolean =>
      globals?.isOurs === true &&
      !globals.ownerNames.has(owner) &&
      globals.attributes.some(({ role, attributes }) => role === owner && attributes.includes('SUPERUSER'));
    const [standIns, others] = [missing.filter(isBootstrap), missing.filter((owner) => !isBootstrap(owner))];
    const statements = [
      ...standIns.flatMap((owner) => [
        `CREATE ROLE ${quoteIdentifier(owner)} SUPERUSER NOLOGIN`,
        `COMMENT ON ROLE ${quoteIdentifier(owner)} IS '${STAND_IN}'`,
      ]),
      ...others.map((owner) => `CREATE ROLE ${quoteIdentifier(owner)}`),
    ];
    if (statements.length > 0)
      await server.within(server.maintenance, 'making the owners that are missing', (client) =>
        executeTogether(client, statements),
      );
    return new Owners(
      server,
      [],
      others.length === 0 ? [] : [`made for what they own: ${others.join(', ')}`],
      standIns,
      await loginsFor({ server, database, target: server.maintenance, signal }, owners, toc.entries),
    );
  }

  /** Gives objects of stand-ins, and the schema `public` if the dump has it, to the restoring role. */
  async handOver(database: string): Promise<void> {
    if (this.standIns.length === 0 && !this.ownsPublic) return;
    await this.server.within(database, 'handing over what stand-ins own', async (client) => {
      // Each database has this schema, so pg_restore does not create it: with --no-owner its owner stays.
      if (this.ownsPublic) await client.query('ALTER SCHEMA public OWNER TO CURRENT_USER');
      for (const role of this.standIns)
        await client.query(`REASSIGN OWNED BY ${quoteIdentifier(role)} TO CURRENT_USER`);
    });
  }

  /** Removes the stand-ins. The next restore removes the rest. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const role of this.standIns) await dropRole(this.server, role);
  }
}

/**
 * Checks whether the server accepts temporary logins.
 * @throws BackupError RESTORE_REFUSED if it does not and the dump has code of such an owner
 */
async function loginsFor(
  options: Omit<OwnerLoginsOptions, 'unprivileged'>,
  owners: readonly string[],
  entries: readonly TocEntry[],
): Promise<{ readonly unprivileged: readonly string[]; readonly byLogins: boolean }> {
  const { server } = options;
  const unprivileged = await rolesWithoutSuperuser(server, owners);
  const roles = new Set(unprivileged);
  try {
    await probeLogins({ ...options, unprivileged: roles });
    return { unprivileged, byLogins: roles.size > 0 };
  } catch (error) {
    if (!isBackupError(error, 'RESTORE_REFUSED') || !(await needsNoLogin(server, entries, roles)))
      throw error;
    return { unprivileged, byLogins: false };
  }
}

/** Returns those roles that are not superusers. */
export function rolesWithoutSuperuser(server: Server, roles: readonly string[]): Promise<readonly string[]> {
  return server.values(
    'asking which owners are superusers',
    `SELECT rolname FROM pg_catalog.pg_roles
      WHERE rolname = ANY ($1) AND NOT rolsuper AND rolname <> 'pg_database_owner'`,
    [roles],
  );
}

/**
 * Removes the stand-ins that an interrupted restore of this database left. Its databases are already gone. A
 * role with CREATEROLE can set any comment on a role, but cannot create a superuser.
 */
export async function dropStandIns(server: Server, database: string): Promise<readonly string[]> {
  if (!server.superuser) return [];
  const rows = await server.ask<{ name: string }>(
    'looking for what earlier restores left',
    `SELECT r.rolname AS name FROM pg_catalog.pg_roles r WHERE pg_catalog.shobj_description(r.oid, 'pg_authid') = $1 AND r.rolsuper AND NOT r.rolcanlogin`,
    [STAND_IN],
  );
  const removed: string[] = [];
  for (const { name } of rows) {
    if (await server.exists(database))
      await server.within(database, 'handing over what stand-ins own', (client) =>
        client.query(`REASSIGN OWNED BY ${quoteIdentifier(name)} TO CURRENT_USER`),
      );
    if (await dropRole(server, name))
      removed.push(`role ${quoteIdentifier(name)}, of a restore that was cut off`);
  }
  return removed;
}

/** Drops a role. If it still owns objects, it stays without superuser rights. */
async function dropRole(server: Server, role: string): Promise<boolean> {
  const quoted = quoteIdentifier(role);
  return server.ask('removing a stand-in', `DROP ROLE IF EXISTS ${quoted}`).then(
    () => true,
    async () => {
      await server.ask('removing a stand-in', `ALTER ROLE ${quoted} NOSUPERUSER`).catch(() => undefined);
      return false;
    },
  );
}

/** Kinds of entries with an owner in the dump, but without one in the database. */
const OWNERLESS = [
  'COMMENT',
  'SECURITY LABEL',
  'ACL',
  'DEFAULT ACL',
  'EXTENSION',
  'TABLE DATA',
  'MATERIALIZED VIEW DATA',
  'SEQUENCE SET',
  'BLOBS',
  'BLOB DATA',
  'USER MAPPING',
];

/** Returns the owners of the objects of a dump. */
function ownersIn({ entries }: Toc): readonly string[] {
  const names = entries.filter(({ kind }) => !OWNERLESS.includes(kind)).map(({ owner }) => owner);
  return [...new Set(names)].filter((name) => name !== '');
}
