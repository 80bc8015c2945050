import { dollarQuoted, statementsOf } from '../connection/sql-text.ts';

/**
 * The SQL of `pg_dumpall --roles-only` with each CREATE ROLE turned into one that does not mind when the role
 * is there. Names and comments of roles may hold anything: line feeds, semicolons, what looks like a
 * statement.
 */
export function tolerantRoles(sql: string): string {
  let result = '';
  for (const statement of statementsOf(sql)) {
    const [, before, create] = /^((?:\s|--[^\n]*\n|\\[^\n]*\n)*)(CREATE ROLE .*;)$/s.exec(statement) ?? [];
    result +=
      create === undefined
        ? statement
        : `${before ?? ''}DO ${dollarQuoted(`BEGIN ${create} EXCEPTION WHEN duplicate_object THEN NULL; END`)};`;
  }
  return result;
}
