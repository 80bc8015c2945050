import { BOOTSTRAP_SUPERUSER } from '../../dump/database-properties.ts';
import type { Membership } from '../globals/globals.ts';
import { quoteIdentifier } from '../../connection/identifiers.ts';
import { oneRow } from '../../connection/queries.ts';
import type { Server } from '../server.ts';

/** First server version that checks the grantor of a membership, and uses it for a revoke. */
const FIRST_WITH_GRANTORS = 16;

/** Roles that may grant memberships on a server. */
export interface ServerGrantors {
  readonly bootstrapSuperuser: string;
  /** Existing memberships with ADMIN OPTION. */
  readonly admins: readonly Pick<Membership, 'role' | 'member'>[];
}

const BOOTSTRAP = `SELECT rolname AS name FROM pg_catalog.pg_roles WHERE oid = ${BOOTSTRAP_SUPERUSER}`;

const ADMINS = `
  SELECT r.rolname AS role, m.rolname AS member FROM pg_catalog.pg_auth_members a
    JOIN pg_catalog.pg_roles r ON r.oid = a.roleid JOIN pg_catalog.pg_roles m ON m.oid = a.member WHERE a.admin_option`;

/**
 * Returns the possible grantors. `undefined` on servers before 16, or if the restoring role is not a
 * superuser and cannot grant for others.
 */
export async function grantorsOf(server: Server): Promise<ServerGrantors | undefined> {
  if (server.major < FIRST_WITH_GRANTORS || !server.superuser) return undefined;
  const bootstrap = await server.values('querying the bootstrap superuser', BOOTSTRAP);
  return {
    bootstrapSuperuser: oneRow(bootstrap),
    admins: await server.ask('querying role memberships', ADMINS),
  };
}

/**
 * Returns the statements that grant memberships. A grantor gets its ADMIN OPTION before it grants. Grantors
 * without ADMIN OPTION on the server are omitted.
 */
export function planMemberships(
  memberships: readonly Membership[],
  grantors: ServerGrantors | undefined,
): readonly string[] {
  if (grantors === undefined) return memberships.map((one) => grant(one, undefined));
  const admins = new Set(grantors.admins.map(({ role, member }) => keyOf(role, member)));
  const grantorOf = ({ role, grantor }: Membership): string | undefined =>
    grantor === grantors.bootstrapSuperuser || (grantor !== undefined && admins.has(keyOf(role, grantor)))
      ? grantor
      : undefined;
  const pending = [...memberships];
  const statements: string[] = [];
  while (pending.length > 0) {
    const next = Math.max(
      0,
      pending.findIndex(
        ({ role, grantor }) =>
          !pending.some((other) => hasAdminOption(other) && other.role === role && other.member === grantor),
      ),
    );
    for (const membership of pending.splice(next, 1)) {
      statements.push(grant(membership, grantorOf(membership)));
      if (hasAdminOption(membership)) admins.add(keyOf(membership.role, membership.member));
    }
  }
  return statements;
}

function grant({ role, member, options }: Membership, grantor: string | undefined): string {
  return `GRANT ${quoteIdentifier(role)} TO ${quoteIdentifier(member)}${options}${grantor === undefined ? '' : ` GRANTED BY ${quoteIdentifier(grantor)}`};`;
}

function hasAdminOption({ options }: Membership): boolean {
  return /\bADMIN (?:OPTION|TRUE)\b/.test(options);
}

function keyOf(role: string, member: string): string {
  return JSON.stringify([role, member]);
}
