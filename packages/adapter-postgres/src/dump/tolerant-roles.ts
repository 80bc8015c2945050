import { dollarQuoted, itemsOf } from '../connection/sql-text.ts';

/**
 * The SQL of `pg_dumpall --roles-only` with each CREATE ROLE turned into one that does not mind when the role
 * is there. Names and comments of roles may hold anything: line feeds, semicolons, what looks like a
 * statement.
 */
export function tolerantRoles(sql: string): string {
  let [result, at] = ['', 0];
  for (const { text, start } of itemsOf(sql)) {
    const tolerated = /^CREATE ROLE .*;$/s.test(text)
      ? `DO ${dollarQuoted(`BEGIN ${text} EXCEPTION WHEN duplicate_object THEN NULL; END`)};`
      : text;
    result += sql.slice(at, start) + tolerated;
    at = start + text.length;
  }
  return result + sql.slice(at);
}
