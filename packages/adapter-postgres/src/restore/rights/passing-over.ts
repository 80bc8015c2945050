import { dollarQuoted } from '../../connection/sql-text.ts';
import type { Said } from '../execute.ts';

/** SQLSTATEs of what is not there: a schema, table, column, function, object of another kind. */
export const NOT_THERE = ['3F000', '42P01', '42703', '42883', '42704'];

/**
 * The statement as one that is passed over when it ends in one of these SQLSTATEs, which the server then says
 * as a warning.
 */
export function passingOver(statement: string, states: readonly string[]): string {
  const handler = states.map((state) => `SQLSTATE '${state}'`).join(' OR ');
  return `DO ${dollarQuoted(`BEGIN ${statement} EXCEPTION WHEN ${handler} THEN RAISE WARNING USING MESSAGE = SQLERRM, ERRCODE = SQLSTATE; END`)};`;
}

const OF_ROUTINE = /^(?:GRANT|REVOKE) .+ ON (?:FUNCTION|PROCEDURE|AGGREGATE|ROUTINE) .+;$/s;

/** SQLSTATEs of a routine, type or schema that is not there. */
const NO_ROUTINE = ['42883', '42704', '3F000'];

/**
 * Privileges on routines that are not there are passed over: those of the dump are there, but other versions
 * of an extension have other ones.
 */
export function passingOverLackingRoutines(grants: readonly string[]): readonly string[] {
  return grants.map((grant) => (OF_ROUTINE.test(grant) ? passingOver(grant, NO_ROUTINE) : grant));
}

/** What was passed over, for people to read. */
export function passedOverIn(said: readonly Said[]): readonly string[] {
  const lacking = said.filter(({ state }) => NO_ROUTINE.includes(state));
  const [first] = lacking;
  return first === undefined
    ? []
    : [
        `${lacking.length} grants of routines were left out, which the extensions of this server do not have, first: ${first.message}`,
      ];
}
