import { dollarQuoted } from '../../sql-text.ts';

/** SQLSTATEs of what is not there: a schema, table, column, function, object of another kind. */
export const NOT_THERE = ['3F000', '42P01', '42703', '42883', '42704'];

/** The statement as one that is passed over when it ends in one of these SQLSTATEs, which the server then says as a warning. */
export function passingOver(statement: string, states: readonly string[]): string {
  const handler = states.map((state) => `SQLSTATE '${state}'`).join(' OR ');
  return `DO ${dollarQuoted(`BEGIN ${statement} EXCEPTION WHEN ${handler} THEN RAISE WARNING USING MESSAGE = SQLERRM, ERRCODE = SQLSTATE; END`)};`;
}
