/**
 * Errors of `pg_restore --clean` onto a database in use that leave nothing amiss, by their words
 * (LC_MESSAGES=C): what it wants to drop and make again is there already, and stays. Everything that is not
 * in this list is an error.
 */
const TOLERATED: readonly { readonly words: RegExp; readonly why: string }[] = [
  {
    words: /^cannot drop extension \S+ because other objects depend on it/,
    why: 'an extension in use stays as it is',
  },
  { words: /^extension \S+ already exists/, why: 'an extension is there already' },
  { words: /^must be owner of extension /, why: 'the comment of an extension is not ours to set' },
  {
    words: /^cannot drop schema \S+ because other objects depend on it/,
    why: 'a schema that has newer things in it stays',
  },
  { words: /^schema "?.+"? already exists/, why: 'a schema is there already' },
  { words: /^cannot drop inherited constraint /, why: 'a key of a partition goes with that of its table' },
  {
    words:
      /^unrecognized configuration parameter "(?:transaction_timeout|idle_session_timeout|default_table_access_method)"/,
    why: 'an older server does not know a setting of this pg_restore',
  },
];

const QUERY_ERROR = /^could not execute query: ERROR: {2}(.*)/;

/** Why an error of pg_restore can be tolerated; undefined when it cannot. */
export function toleratedBecause(error: string): string | undefined {
  const message = QUERY_ERROR.exec(error)?.[1];
  return message === undefined ? undefined : TOLERATED.find(({ words }) => words.test(message))?.why;
}
