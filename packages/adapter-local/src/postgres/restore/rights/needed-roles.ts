import { knownRoles, makeRoles, rolesNamedIn, type KnownRoles } from './roles.ts';
import type { Preparation } from '../prepare.ts';
import type { Server } from '../server.ts';

export interface LackingRoles {
  /** Those to be made. */
  readonly missing: readonly string[];
  /** Those that are needed and cannot be made. */
  readonly fatal: readonly string[];
  /** SQL that makes them. */
  readonly sql: string;
}

const NOBODY: KnownRoles = { names: [], about: new Map(), memberships: [] };

/** Which roles the dump, its globals and the settings need that the server does not have. */
export async function lackingRoles(server: Server, { sections, policyRoles, roles }: Pick<Preparation, 'sections' | 'policyRoles' | 'roles'>): Promise<LackingRoles> {
  const known = sections === undefined ? NOBODY : knownRoles(sections);
  const named = sections === undefined ? new Set<string>() : rolesNamedIn(sections, known, policyRoles);
  const needed = [...new Set([...policyRoles, ...known.names.filter((name) => named.has(name)), ...roles])];
  const there = await server.roles();
  const lacking = needed.filter((name) => !there.includes(name));
  if (server.createRole) return { missing: lacking, fatal: [], sql: makeRoles(lacking, known, { there, superuser: server.superuser }) };
  return { missing: [], fatal: lacking.filter((name) => !roles.includes(name)), sql: '' };
}
