/** What plain pg_dump succeeds with, for a role, a database or a whole server. */
export const HOSTILE_SETTINGS: Readonly<Record<string, string>> = {
  statement_timeout: '2s',
  lock_timeout: '2s',
  idle_in_transaction_session_timeout: '2s',
  transaction_timeout: '2s',
  idle_session_timeout: '2s',
  search_path: '"$user", trap, public',
  default_transaction_read_only: 'on',
  default_transaction_isolation: 'serializable',
  default_transaction_deferrable: 'on',
  session_preload_libraries: 'auto_explain',
  row_security: 'off',
  bytea_output: 'escape',
  DateStyle: 'German, DMY',
  IntervalStyle: 'sql_standard',
  extra_float_digits: '-15',
  standard_conforming_strings: 'off',
  escape_string_warning: 'on',
  backslash_quote: 'off',
  client_encoding: 'LATIN1',
  TimeZone: 'Asia/Kathmandu',
  jit: 'on',
  jit_above_cost: '0',
  quote_all_identifiers: 'on',
  array_nulls: 'off',
  transform_null_equals: 'on',
  exit_on_error: 'on',
  client_min_messages: 'debug1',
  synchronize_seqscans: 'on',
  debug_parallel_query: 'on',
  force_parallel_mode: 'on',
  work_mem: '64kB',
};

/** Returns the value as `SET` takes it. */
export function quotedValue(name: string, value: string): string {
  return name === 'search_path' ? value : `'${value}'`;
}
