import { statementsOf } from '../../sql-text.ts';
import { passingOver } from './passing-over.ts';
import type { Said } from '../psql.ts';

const OF_ROUTINE = /^((?:\s|--[^\n]*\n|\\[^\n]*\n)*)((?:GRANT|REVOKE) .+ ON (?:FUNCTION|PROCEDURE|AGGREGATE|ROUTINE) .+;)$/s;

/** SQLSTATEs of a routine, type or schema that is not there. */
const NOT_THERE = ['42883', '42704', '3F000'];

/**
 * Grants that pass over routines which are not there: those of the dump are, but other versions of an extension have other ones.
 * What is passed over the server says as a warning.
 */
export function passingOverLackingRoutines(grants: string): string {
  let result = '';
  for (const statement of statementsOf(grants)) {
    const [, before, grant] = OF_ROUTINE.exec(statement) ?? [];
    result += grant === undefined ? statement : `${before ?? ''}${passingOver(grant, NOT_THERE)}`;
  }
  return result;
}

/** What was passed over, for people to read. */
export function passedOverIn(said: readonly Said[]): readonly string[] {
  const lacking = said.filter(({ state }) => NOT_THERE.includes(state));
  return lacking.length === 0 ? [] : [`${lacking.length} grants of routines were left out, which the extensions of this server do not have, first: ${lacking[0]!.message}`];
}
