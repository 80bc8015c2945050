import type { Preparation } from '../prepare.ts';
import type { Server } from '../server.ts';
import { grantorsOf } from './memberships.ts';
import { planRoles, privilegesOf, rolesNamedIn, type RolePlan } from './roles.ts';

export interface LackingRoles extends RolePlan {
  /** Roles to create. */
  readonly missing: readonly string[];
  /** Required roles that cannot be created. */
  readonly fatal: readonly string[];
}

/** Returns the roles that the dump, its globals and the settings need and the server lacks. */
export async function lackingRoles(
  server: Server,
  {
    globals,
    definitionRoles,
    roles,
    privilegedRoles,
  }: Pick<Preparation, 'globals' | 'definitionRoles' | 'roles' | 'privilegedRoles'>,
): Promise<LackingRoles> {
  const named = globals === undefined ? new Set<string>() : rolesNamedIn(globals, definitionRoles);
  // pg_dumpall does not record which roles a database needs.
  const ofSet = (globals?.roles ?? []).filter((name) => globals?.isOfPgDumpall === true || named.has(name));
  const needed = [...new Set([...definitionRoles, ...ofSet, ...roles])];
  const there = await server.roles();
  const lacking = needed.filter((name) => !there.includes(name));
  if (!server.createRole)
    return {
      missing: [],
      fatal: lacking.filter((name) => !roles.includes(name)),
      statements: [],
      withheld: [],
    };
  const withhold = privilegedRoles ? undefined : await privilegesOf(server);
  return {
    missing: lacking,
    fatal: [],
    ...planRoles(lacking, globals, {
      there,
      superuser: server.superuser,
      withhold,
      grantors: await grantorsOf(server),
    }),
  };
}
