import { planMemberships, type ServerGrantors } from './memberships.ts';
import type { Globals, RoleAttributes } from '../globals/globals.ts';
import { group, IDENTIFIER, quoteIdentifier, unquoteIdentifier } from '../../connection/identifiers.ts';
import type { Server } from '../server.ts';

/** The names after the words that a role follows. */
const FOLLOWING = new RegExp(
  String.raw`\b(?:TO|FROM|ROLE|AUTHORIZATION)\s+(${IDENTIFIER}(?:\s*,\s*${IDENTIFIER})*)`,
  'gu',
);

/**
 * Which of the globals' roles owners, privileges and properties name, or are named besides, with those that
 * they are members of, and their members.
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

/** What a server lets roles do that a restore from a place that others can write to must not hand out. */
export interface ServerPrivileges {
  /** Roles with a privilege over the whole server, and all that are members of such. */
  readonly roles: ReadonlySet<string>;
  /** Settings of the server that every role can make for itself and that load no code, in lower case. */
  readonly freeSettings: ReadonlySet<string>;
  /**
   * Modules that the server could load: what their settings allow is only known once they are. In lower case.
   */
  readonly modules: ReadonlySet<string>;
}

/**
 * Whether any role could make the setting for itself. Those of applications (`app.tenant`) have a prefix that
 * is no module of the server.
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

/** Statements that make roles. */
export interface RolePlan {
  readonly statements: readonly string[];
  /** What the backup says of the roles that the statements leave out, one sentence each. */
  readonly withheld: readonly string[];
}

export interface RolePlanOptions {
  /** Roles that the server has: they stay as they are. */
  readonly there: readonly string[];
  /** Only a superuser may give attributes and settings; others can make roles that may log in or not. */
  readonly superuser: boolean;
  /** Give the roles no privilege of these; `undefined`: whatever the backup says. */
  readonly withhold: ServerPrivileges | undefined;
  /** `undefined` if memberships are granted without naming a grantor. */
  readonly grantors: ServerGrantors | undefined;
}

/** Plans how the missing roles are made, as the backup says they were. */
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

/** Privileges over the whole server, and the password. */
function isPrivilege(attribute: string): boolean {
  return ['SUPERUSER', 'CREATEROLE', 'REPLICATION', 'BYPASSRLS', 'PASSWORD'].includes(nameOf(attribute));
}

/** Without a secret that follows it. */
function nameOf(attribute: string): string {
  return attribute.startsWith('PASSWORD') ? 'PASSWORD' : attribute;
}

function alterRole({ role }: RoleAttributes, attributes: readonly string[]): string {
  return attributes.length === 0 ? '' : `ALTER ROLE ${quoteIdentifier(role)} WITH ${attributes.join(' ')};`;
}
