import { quoteIdentifier } from '../connection/identifiers.ts';

/**
 * A temporary server has no use for a port; the number only stands in the socket’s name, which must be short.
 */
export const TEMPORARY_SERVER_PORT = 1;

/** The longest path of a Unix socket that the system takes, in bytes. */
const LONGEST_SOCKET_PATH = 107;

/** Whether the socket of a server whose socket folder this is has a path that fits. */
export function fitsSocket(folder: string): boolean {
  return Buffer.byteLength(`${folder}/.s.PGSQL.${TEMPORARY_SERVER_PORT}`) <= LONGEST_SOCKET_PATH;
}

/** What a dump needs of a server. */
export interface DumpNeeds {
  /** Number of entries in its table of contents. */
  readonly entries: number;
  /** Libraries that extensions of the dump need at the start of the server. */
  readonly libraries: readonly string[];
  /** Settings of extensions that exist in one database of a server, with the name of that database. */
  readonly oneDatabase: Readonly<Record<string, string>>;
}

/** A table with its index, its TOAST table and the index of that. */
const LOCKS_PER_ENTRY = 4;

/**
 * Settings of a server that no other user reaches, that connects to no other server, and whose data may be
 * lost at any moment. It writes to its data folder only; its socket is there too. No background work, except
 * for building indexes.
 */
export function temporaryServerSettings(
  socketFolder: string,
  jobs: number,
  { entries, libraries, oneDatabase }: DumpNeeds = { entries: 0, libraries: [], oneDatabase: {} },
): Readonly<Record<string, string>> {
  const connections = jobs + 20;
  return {
    ...oneDatabase,
    // One transaction gives all objects their owners. Each is locked, and what belongs to it.
    max_locks_per_transaction: String(64 + Math.ceil((entries * LOCKS_PER_ENTRY) / connections)),
    ...(libraries.length > 0 && {
      shared_preload_libraries: libraries.join(','),
      max_worker_processes: '0', // their background work waits for ever
    }),
    listen_addresses: '',
    port: String(TEMPORARY_SERVER_PORT),
    unix_socket_directories: quoteIdentifier(socketFolder),
    unix_socket_permissions: '0777', // the data folder admits its owner and root only
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    wal_level: 'minimal',
    max_wal_senders: '0',
    max_wal_size: '16GB',
    checkpoint_timeout: '1d',
    archive_mode: 'off',
    autovacuum: 'off',
    jit: 'off',
    bgwriter_lru_maxpages: '0',
    shared_buffers: '128MB',
    maintenance_work_mem: '128MB',
    dynamic_shared_memory_type: 'mmap',
    huge_pages: 'off',
    max_connections: String(connections),
    // Subscriptions of a dump never connect anywhere.
    max_logical_replication_workers: '0',
    restart_after_crash: 'off',
    logging_collector: 'off',
    log_destination: 'stderr',
    lc_messages: 'C',
    timezone: 'UTC',
    log_timezone: 'UTC',
  };
}

/** As arguments of `postgres`. */
export function asArguments(settings: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
