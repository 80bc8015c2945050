import { group } from '../../connection/group.ts';
import { IDENTIFIER, unquoteIdentifier, unquoteLiteral } from '../../connection/identifiers.ts';
import type { ArchiveEntry } from '../archive/entry.ts';
import { LITERAL } from '../globals/grammar.ts';

const POLICY = new RegExp(
  `^CREATE POLICY ${IDENTIFIER} ON ${IDENTIFIER}(?:\\.${IDENTIFIER})?(?: AS RESTRICTIVE)?(?: FOR [A-Z]+)? TO (${IDENTIFIER}(?:, ${IDENTIFIER})*)`,
  'u',
);

const USER_MAPPING = new RegExp(`^CREATE USER MAPPING FOR (${IDENTIFIER}) SERVER `, 'u');

/** Where the clauses of a routine end and its body begins. */
const BODY = /\n {4}(?:AS |RETURN |BEGIN ATOMIC)/;

/** A setting of a routine that the server accepts only if the role exists. */
const ROLE_SETTING = new RegExp(`\n {4}SET "?(?:role|session_authorization)"? TO (${LITERAL})`, 'gu');

/** Words in the place of a role that name none. */
const NO_ROLES = ['PUBLIC', 'public', 'CURRENT_USER', 'SESSION_USER', 'CURRENT_ROLE'];

/** What the setting `role` is if a routine has it unset. */
const NONE = 'none';

/** Returns the roles that have to exist before the entries can be made, besides owners. */
export function rolesInDefinitions(entries: readonly ArchiveEntry[]): readonly string[] {
  return [...new Set(entries.flatMap(rolesIn))];
}

function rolesIn({ kind, definition }: ArchiveEntry): readonly string[] {
  if (kind === 'POLICY') return namesIn(POLICY.exec(definition)?.[1] ?? '');
  if (kind === 'USER MAPPING') return namesIn(USER_MAPPING.exec(definition)?.[1] ?? '');
  if (kind !== 'FUNCTION' && kind !== 'PROCEDURE') return [];
  const [clauses = ''] = definition.split(BODY, 1);
  return [...clauses.matchAll(ROLE_SETTING)]
    .map((match) => unquoteLiteral(group(match, 1)))
    .filter((role) => role !== NONE);
}

/** Returns the names in a list of identifiers, without words that stand for no role of their own. */
function namesIn(list: string): readonly string[] {
  return [...list.matchAll(new RegExp(IDENTIFIER, 'gu'))]
    .map(([name]) => name)
    .filter((name) => !NO_ROLES.includes(name))
    .map(unquoteIdentifier);
}
