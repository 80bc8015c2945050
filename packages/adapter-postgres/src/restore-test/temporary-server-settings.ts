import { quoteIdentifier } from '../connection/identifiers.ts';

/** Port of a temporary server. It is only a part of the socket’s name, which must be short. */
export const TEMPORARY_SERVER_PORT = 1;

/** Maximum length of a Unix socket path, in bytes. */
const LONGEST_SOCKET_PATH = 107;

/** Returns whether the path of a server's socket in this folder is short enough. */
export function fitsSocket(folder: string): boolean {
  return Buffer.byteLength(`${folder}/.s.PGSQL.${TEMPORARY_SERVER_PORT}`) <= LONGEST_SOCKET_PATH;
}

/** Requirements of a dump on a server. */
export interface DumpNeeds {
  /** Number of entries in its table of contents. */
  readonly entries: number;
  /** Libraries that extensions of the dump need at the start of the server. */
  readonly libraries: readonly string[];
  /** Settings of extensions that exist in only one database of a server, with the name of that database. */
  readonly oneDatabase: Readonly<Record<string, string>>;
}

/** A table with its index, its TOAST table and the index of that. */
const LOCKS_PER_ENTRY = 4;

/**
 * Returns settings of a server that other users cannot reach, that connects to no other server, and whose
 * data may be lost. It writes only to its data folder, which also has its socket. It does no background work,
 * except for building indexes.
 */
export function temporaryServerSettings(
  socketFolder: string,
  jobs: number,
  { entries, libraries, oneDatabase }: DumpNeeds = { entries: 0, libraries: [], oneDatabase: {} },
): Readonly<Record<string, string>> {
  const connections = jobs + 20;
  return {
    ...oneDatabase,
    // One transaction sets all owners. It locks each object and the objects that belong to it.
    max_locks_per_transaction: String(64 + Math.ceil((entries * LOCKS_PER_ENTRY) / connections)),
    ...(libraries.length > 0 && {
      shared_preload_libraries: libraries.join(','),
      max_worker_processes: '0', // background workers of libraries would wait forever
    }),
    listen_addresses: '',
    port: String(TEMPORARY_SERVER_PORT),
    unix_socket_directories: quoteIdentifier(socketFolder),
    unix_socket_permissions: '0777', // the data folder admits only its owner and root
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
    // Subscriptions of a dump never connect.
    max_logical_replication_workers: '0',
    restart_after_crash: 'off',
    logging_collector: 'off',
    log_destination: 'stderr',
    lc_messages: 'C',
    timezone: 'UTC',
    log_timezone: 'UTC',
  };
}

/** Returns the settings as arguments of `postgres`. */
export function asArguments(settings: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
