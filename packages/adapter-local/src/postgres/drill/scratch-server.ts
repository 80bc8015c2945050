import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { BackupError, throwIfAborted, toBackupError } from '@geolens/backup-core';
import { describeEnd, Program, type ProgramEnvironment, type ProgramUser } from '../../programs/program.ts';
import { connect, disconnect, type ConnectionSettings } from '../connection.ts';
import type { ServerPrograms } from './server-programs.ts';

/**
 * Nothing in it has to survive a power cut, and nothing of it reaches out: no TCP, no replication, no subscriptions that connect.
 * Shared memory of its own making would be scarce in a container, so that no query gets helpers.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_permissions: '0777', // the folder lets nobody in
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '4GB',
  checkpoint_timeout: '1d',
  autovacuum: 'off',
  jit: 'off',
  shared_buffers: '128MB',
  maintenance_work_mem: '128MB',
  max_parallel_workers_per_gather: '0',
  max_parallel_maintenance_workers: '0',
  max_logical_replication_workers: '0',
  max_connections: '50',
  log_min_messages: 'fatal',
};

/** Everybody else comes first. */
const GENTLY = ['nice', '-n', '10', 'ionice', '-t', '-c', '2', '-n', '7'];

const PORT = 5432;
const READY_WITHIN_MS = 60_000;
const POLL_MS = 30;

/** Of the system for messages, sorting and letters, from the best; the first is not there on every system. */
const LOCALES = ['C.UTF-8', 'C'];

export interface ScratchServerOptions {
  readonly programs: ServerPrograms;
  /** The folder of the drill; the server makes its own in it. */
  readonly folder: string;
  readonly user: ProgramUser | undefined;
  readonly env: ProgramEnvironment;
  readonly signal: AbortSignal;
}

/** A PostgreSQL server that only who may enter its folder can reach. It ends with this process, however that ends. */
export class ScratchServer {
  readonly connection: ConnectionSettings;
  private readonly server: Program;

  private constructor(server: Program, connection: ConnectionSettings) {
    this.server = server;
    this.connection = connection;
  }

  /** Makes a cluster and starts its server. What it fails with says nothing of any dump. */
  static async start({ programs, folder, user, env, signal }: ScratchServerOptions): Promise<ScratchServer> {
    const data = join(folder, 'data');
    await initialise(programs.initdb, data, { env: { ...env, LC_ALL: 'C' }, user, signal });
    const settings = Object.entries({ ...SETTINGS, unix_socket_directories: folder, port: String(PORT) }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const [nice, ...rest] = [...GENTLY, programs.postgres, '-D', data, ...settings] as [string, ...string[]];
    const options = { env: { ...env, LC_ALL: 'C' }, user, signal, stopSignal: 'SIGQUIT', deathSignal: 'SIGQUIT', stdout: 'ignore' } as const;
    const server = new Program(nice, rest, options);
    const started = new ScratchServer(server, { host: folder, port: PORT, user: 'postgres', database: 'postgres', sslMode: 'disable' });
    try {
      await started.ready(signal);
      return started;
    } catch (error) {
      await started.stop();
      throw error;
    }
  }

  /** Ends it at once; nothing in it is worth a goodbye. Never fails. */
  async stop(): Promise<void> {
    this.server.stop();
    await this.server.end().catch(() => undefined);
  }

  private async ready(signal: AbortSignal): Promise<void> {
    let ended: BackupError | undefined;
    void this.server.end().then(
      (end) => { ended = new BackupError('UNEXPECTED', `the scratch server did not start: ${describeEnd('postgres', end)}`); },
      (error: unknown) => { ended = toBackupError(error); },
    );
    const giveUpAt = Date.now() + READY_WITHIN_MS;
    for (;;) {
      throwIfAborted(signal);
      if (ended !== undefined) throw ended;
      try {
        await disconnect(await connect(this.connection, signal));
        return;
      } catch (error) {
        if (Date.now() > giveUpAt) throw new BackupError('UNEXPECTED', `the scratch server does not answer: ${(error as Error).message}`, { cause: error });
      }
      await setTimeout(POLL_MS);
    }
  }
}

async function initialise(initdb: string, data: string, options: { readonly env: ProgramEnvironment; readonly user: ProgramUser | undefined; readonly signal: AbortSignal }): Promise<void> {
  let said = '';
  for (const locale of LOCALES) {
    const args = ['--pgdata', data, '--no-sync', '--auth=trust', '--encoding=UTF8', `--locale=${locale}`, '--username=postgres'];
    const end = await new Program(initdb, args, { ...options, stdout: 'ignore' }).end();
    if (end.code === 0) return;
    said = describeEnd('initdb', end);
    if (!said.includes('locale')) break;
  }
  throw new BackupError('UNEXPECTED', `no scratch server could be made: ${said}`);
}
