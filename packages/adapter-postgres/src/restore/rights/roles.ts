import { planMemberships, type ServerGrantors } from './memberships.ts';
import type { Globals, RoleAttributes } from '../globals/globals.ts';
import { group, IDENTIFIER, quoteIdentifier, unquoteIdentifier } from '../../connection/identifiers.ts';
import type { Server } from '../server.ts';

/** Matches the names after the keywords that precede a role. */
const FOLLOWING = new RegExp(
  String.raw`\b(?:TO|FROM|ROLE|AUTHORIZATION)\s+(${IDENTIFIER}(?:\s*,\s*${IDENTIFIER})*)`,
  'gu',
);

/**
 * Returns the roles of the globals that owners, privileges, properties or `besides` name. Includes the roles
 * that they are members of, and their members.
 */
export function rolesNamedIn(
  { roles, memberships, database, ownerNames, grants }: Globals,
  besides: readonly string[],
): ReadonlySet<string> {
  const known = new Set(roles);
  const named = new Set([...besides, ...ownerNames]);
  for (const match of [...database.map(({ template }) => template.replaceAll('%%', '%')), ...grants]
    .join('\n')
    .matchAll(FOLLOWING)) {
    for (const [name] of group(match, 1).matchAll(new RegExp(IDENTIFIER, 'gu')))
      if (known.has(unquoteIdentifier(name))) named.add(unquoteIdentifier(name));
  }
  for (let size = -1; size < named.size; ) {
    size = named.size;
    for (const { role, member } of memberships) {
      if (named.has(role)) named.add(member);
      else if (named.has(member)) named.add(role);
    }
  }
  return named;
}

/** Server privileges that a restore must not grant if others can write to its source. */
export interface ServerPrivileges {
  /** Roles with a server-wide privilege, and all their members. */
  readonly roles: ReadonlySet<string>;
  /** Settings that every role can change for itself and that load no code, in lower case. */
  readonly freeSettings: ReadonlySet<string>;
  /** Modules that the server could load, in lower case. Their settings are unknown until they are loaded. */
  readonly modules: ReadonlySet<string>;
}

/**
 * Returns whether any role could change the setting for itself. The prefix of application settings
 * (`app.tenant`) is no module of the server.
 */
export function isFreeSetting(setting: string, { freeSettings, modules }: ServerPrivileges): boolean {
  const name = setting.toLowerCase();
  const dot = name.indexOf('.');
  return dot < 0 ? freeSettings.has(name) : !modules.has(name.slice(0, dot));
}

const PRIVILEGED_ROLES = `
  WITH RECURSIVE privileged (oid) AS (
    SELECT oid FROM pg_catalog.pg_roles WHERE rolsuper OR rolcreaterole OR rolreplication OR rolbypassrls OR rolname ~ '^pg_'
    UNION SELECT m.member FROM pg_catalog.pg_auth_members m JOIN privileged p ON p.oid = m.roleid
  ) SELECT r.rolname AS name FROM pg_catalog.pg_roles r JOIN privileged p ON p.oid = r.oid`;

const FREE_SETTINGS = `SELECT pg_catalog.lower(name) AS name FROM pg_catalog.pg_settings WHERE context = 'user' AND category !~ 'Preloading' AND name !~ '\\.'`;

const MODULES = `
  SELECT pg_catalog.lower(name) AS name FROM pg_catalog.pg_available_extensions
  UNION SELECT pg_catalog.lower(pg_catalog.regexp_replace(file, '(-[0-9.]+)?\\.so$', ''))
    FROM pg_catalog.pg_config c, pg_catalog.pg_ls_dir(c.setting, true, false) file WHERE c.name = 'PKGLIBDIR'`;

export async function privilegesOf(server: Server): Promise<ServerPrivileges> {
  const names = async (sql: string): Promise<ReadonlySet<string>> =>
    new Set(await server.values('asking for privileges', sql));
  return {
    roles: await names(PRIVILEGED_ROLES),
    freeSettings: await names(FREE_SETTINGS),
    modules: server.superuser ? await names(MODULES) : new Set(),
  };
}

/** Statements that create roles. */
export interface RolePlan {
  readonly statements: readonly string[];
  /** Properties of the roles that the statements omit, one sentence each. */
  readonly withheld: readonly string[];
}

export interface RolePlanOptions {
  /** Existing roles of the server, which stay unchanged. */
  readonly there: readonly string[];
  /** Whether the role is a superuser. Others can only create roles with or without LOGIN. */
  readonly superuser: boolean;
  /** Privileges that the roles must not get; `undefined` if they get all of the backup. */
  readonly withhold: ServerPrivileges | undefined;
  /** `undefined` if memberships are granted without naming a grantor. */
  readonly grantors: ServerGrantors | undefined;
}

/** Returns the statements that create the missing roles as in the backup. */
export function planRoles(
  missing: readonly string[],
  globals: Globals | undefined,
  { there, superuser, withhold, grantors }: RolePlanOptions,
): RolePlan {
  const made = new Set(missing);
  const known = new Set([...missing, ...there]);
  const { attributes = [], settings = [], comments = [], memberships = [] } = globals ?? {};
  const withheld: string[] = [];
  const ofMade = <T extends { readonly role: string }>(statements: readonly T[]): readonly T[] =>
    superuser ? statements.filter(({ role }) => made.has(role)) : [];
  const allows = (allowed: boolean, what: string): boolean => {
    if (!allowed) withheld.push(what);
    return allowed;
  };
  const statements = [
    ...missing.map(
      (name) =>
        `CREATE ROLE ${quoteIdentifier(name)}${attributes.some((one) => one.role === name && one.attributes.includes('LOGIN')) ? ' LOGIN' : ''};`,
    ),
    ...ofMade(attributes).map((one) =>
      alterRole(
        one,
        one.attributes.filter(
          (attribute) =>
            withhold === undefined ||
            allows(!isPrivilege(attribute), `role ${quoteIdentifier(one.role)}: ${nameOf(attribute)}`),
        ),
      ),
    ),
    ...ofMade(settings)
      .filter(({ role, setting }) =>
        allows(
          withhold === undefined || isFreeSetting(setting, withhold),
          `role ${quoteIdentifier(role)}: the setting ${setting}`,
        ),
      )
      .map(({ text }) => text),
    ...ofMade(comments).map(({ text }) => text),
    ...planMemberships(
      memberships
        .filter(
          ({ role, member }) => (made.has(role) || made.has(member)) && known.has(role) && known.has(member),
        )
        .filter(({ role, member }) =>
          allows(
            withhold?.roles.has(role) !== true,
            `role ${quoteIdentifier(member)}: membership in ${quoteIdentifier(role)}`,
          ),
        ),
      grantors,
    ),
  ];
  return { statements, withheld };
}

/** Returns whether an attribute is a server-wide privilege or the password. */
function isPrivilege(attribute: string): boolean {
  return ['SUPERUSER', 'CREATEROLE', 'REPLICATION', 'BYPASSRLS', 'PASSWORD'].includes(nameOf(attribute));
}

/** Returns the name of an attribute without the secret that follows it. */
function nameOf(attribute: string): string {
  return attribute.startsWith('PASSWORD') ? 'PASSWORD' : attribute;
}

function alterRole({ role }: RoleAttributes, attributes: readonly string[]): string {
  return attributes.length === 0 ? '' : `ALTER ROLE ${quoteIdentifier(role)} WITH ${attributes.join(' ')};`;
}
