import { OPAQUE, statementsOf } from '../../sql-text.ts';
import type { GlobalsSections } from './globals-sections.ts';
import { IDENTIFIER, quoteIdentifier, unquoteIdentifier } from '../../identifiers.ts';

/** What is said of the roles of the server that was backed up. */
export interface KnownRoles {
  /** In the order in which they were made. */
  readonly names: readonly string[];
  /** Statements about one role: its attributes, settings, comment. */
  readonly about: ReadonlyMap<string, readonly string[]>;
  readonly memberships: readonly { readonly role: string; readonly member: string; readonly statement: string }[];
}

const CREATE = new RegExp(`CREATE ROLE (${IDENTIFIER});$`, 'u');
const ABOUT = new RegExp(`^(?:ALTER ROLE|COMMENT ON ROLE) (${IDENTIFIER}) `, 'u');
const GRANT = new RegExp(`^GRANT (${IDENTIFIER}) TO (${IDENTIFIER})(.*?)(?: GRANTED BY ${IDENTIFIER})?;$`, 'su');

/** Reads the section of the roles. */
export function knownRoles({ roles }: Pick<GlobalsSections, 'roles'>): KnownRoles {
  const names: string[] = [];
  const about = new Map<string, string[]>();
  const memberships: { role: string; member: string; statement: string }[] = [];
  for (const text of statementsOf(roles)) {
    const statement = withoutComments(text);
    const created = CREATE.exec(statement)?.[1];
    const subject = ABOUT.exec(statement)?.[1];
    const [, role, member, options] = GRANT.exec(statement) ?? [];
    if (created !== undefined) names.push(unquoteIdentifier(created));
    else if (subject !== undefined) about.set(unquoteIdentifier(subject), [...(about.get(unquoteIdentifier(subject)) ?? []), statement]);
    else if (role !== undefined && member !== undefined) {
      memberships.push({ role: unquoteIdentifier(role), member: unquoteIdentifier(member), statement: `GRANT ${role} TO ${member}${options ?? ''};` });
    }
  }
  return { names, about, memberships };
}

/** The names after the words that a role follows; literals hold names too, in statements about the database. */
const FOLLOWING = new RegExp(String.raw`\b(?:TO|FROM|ROLE|AUTHORIZATION)\s+(${IDENTIFIER}(?:\s*,\s*${IDENTIFIER})*)`, 'gu');

/** Which of the roles are named in owners, grants and properties, or besides, with those that they are members of, and their members. */
export function rolesNamedIn({ database, owners, grants }: GlobalsSections, { names, memberships }: KnownRoles, besides: readonly string[]): ReadonlySet<string> {
  const known = new Set(names);
  const named = new Set(besides);
  for (const [, list] of `${database}\n${owners}\n${grants}`.matchAll(FOLLOWING)) {
    for (const [name] of list!.matchAll(new RegExp(IDENTIFIER, 'gu'))) if (known.has(unquoteIdentifier(name))) named.add(unquoteIdentifier(name));
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

const POLICY = new RegExp(
  `^CREATE POLICY ${IDENTIFIER} ON ${IDENTIFIER}(?:\\.${IDENTIFIER})?(?: AS RESTRICTIVE)?(?: FOR [A-Z]+)? TO (${IDENTIFIER}(?:, ${IDENTIFIER})*)`,
  'gmu',
);

/** The roles that policies are for, in the SQL that pg_restore writes of them. */
export function rolesOfPolicies(sql: string): readonly string[] {
  const lists = [...sql.matchAll(POLICY)].map(([, list]) => list!);
  const found = lists.flatMap((list) => [...list.matchAll(new RegExp(IDENTIFIER, 'gu'))].map(([name]) => name));
  return [...new Set(found.filter((name) => !['PUBLIC', 'CURRENT_USER', 'SESSION_USER', 'CURRENT_ROLE'].includes(name)).map(unquoteIdentifier))];
}

const CAN_LOGIN = /^ALTER ROLE .* WITH .* LOGIN /;

/** SQL that makes roles that are missing, as they were; those that are there stay as they are. Their attributes and settings a superuser alone may take over as they stand; LOGIN others may too. */
export function makeRoles(missing: readonly string[], { about, memberships }: KnownRoles, { there, superuser }: { readonly there: readonly string[]; readonly superuser: boolean }): string {
  const made = new Set(missing);
  const known = new Set([...missing, ...there]);
  return [
    'BEGIN;',
    ...missing.map((name) => `CREATE ROLE ${quoteIdentifier(name)}${(about.get(name) ?? []).some((statement) => CAN_LOGIN.test(statement)) ? ' LOGIN' : ''};`),
    ...(superuser ? missing.flatMap((name) => about.get(name) ?? []) : []),
    ...memberships.filter(({ role, member }) => (made.has(role) || made.has(member)) && known.has(role) && known.has(member)).map(({ statement }) => statement),
    'COMMIT;',
  ].join('\n');
}

function withoutComments(statement: string): string {
  let text = statement.trimStart();
  for (;;) {
    OPAQUE.lastIndex = 0;
    const opaque = OPAQUE.exec(text);
    const skipped = opaque?.[0].startsWith('--') === true ? opaque[0] : (/^\\[^\n]*/.exec(text)?.[0] ?? '');
    if (skipped === '') return text;
    text = text.slice(skipped.length).trimStart();
  }
}
