import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { BackupError, Secret, throwIfAborted } from '@geolens/backup-core';
import { describeEnd, lowPriority, type ProgramEnvironment } from '@geolens/backup-system';
import { connect, disconnect } from '../connection/connection.ts';
import { reportLocally } from '../connection/local-report.ts';
import type { ConnectionSettings } from '../connection/connection-settings.ts';
import { KeptProgram, runKept } from './kept-program.ts';
import type { RestoreTestFolder } from './restore-test-folder.ts';
import {
  asArguments,
  type DumpNeeds,
  TEMPORARY_SERVER_PORT,
  temporaryServerSettings,
} from './temporary-server-settings.ts';
import type { ServerPrograms } from './server-programs.ts';

/** Locales in order of preference: with the letters of all languages, or only those of English. */
const LOCALES = ['C.UTF-8', 'C'];

const POLL_MS = 15;
const READY_WITHIN_MS = 60_000;

const LOG_LENGTH = 2_000;

/** Milliseconds to wait for the server's end, which a program of the dump may delay. */
const ENDS_WITHIN_MS = 5_000;
const ENDS_SOON_MS = 5_000;

/** Matches what a server logs about itself and about a process that ended. */
const OF_SERVER =
  /(?:server process|[a-z ]+ process) \(PID \d+\) (?:was terminated by signal \d+|exited with exit code \d+)|database system is (?:ready to accept connections|shut down)/g;

/**
 * Matches what a server logs if the machine lacks a resource. This is why it ended, regardless of later
 * lines.
 */
const OF_MACHINE = /No space left on device|wrote only \d+ of \d+ bytes|out of memory/g;

export interface TemporaryServerOptions {
  readonly programs: ServerPrograms;
  readonly folder: RestoreTestFolder;
  readonly needs: DumpNeeds;
  readonly env: ProgramEnvironment;
  readonly jobs?: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * A PostgreSQL server of a restore test: new, empty, reachable only by its socket. It ends with this process.
 */
export class TemporaryServer {
  /** Whether it has ended, by itself or by `stop`. */
  ended = false;
  private readonly server: KeptProgram;
  private readonly superuser: string;
  private readonly options: TemporaryServerOptions;

  private constructor(server: KeptProgram, superuser: string, options: TemporaryServerOptions) {
    this.server = server;
    this.superuser = superuser;
    this.options = options;
    const note = (): void => {
      this.ended = true;
      // A running program of the dump may keep connections open, which clients would wait for.
      void options.folder.endAll();
    };
    server.ended.then(note, note);
  }

  /**
   * @throws BackupError PROGRAM_NOT_STARTED if this machine does not let the server start
   * @throws BackupError STORE_FULL if disk space is short
   */
  static async start(options: TemporaryServerOptions): Promise<TemporaryServer> {
    // A name that no dump has, and no running server that a program of the dump may redirect the socket to.
    const superuser = `geolens_rt_${randomBytes(8).toString('hex')}`;
    await initialise(options, superuser);
    const { programs, folder, needs, env, jobs = availableParallelism(), signal } = options;
    const settings = asArguments(temporaryServerSettings(folder.serverData, jobs, needs));
    const [file, ...args] = await lowPriority([programs.postgres, '-D', folder.serverData, ...settings], env);
    const within = await folder.withinLimits();
    const kept = new KeptProgram(file, args, { env, within, signal, endsWith: 'QUIT' });
    const server = new TemporaryServer(kept, superuser, options);
    try {
      await server.untilReady();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /**
   * Connection settings. Options and password are set, so none comes from the environment or a password file.
   * A program of the dump can take the place of the server and request a password.
   */
  get connection(): ConnectionSettings {
    return {
      host: this.options.folder.paths.data,
      port: TEMPORARY_SERVER_PORT,
      user: this.superuser,
      database: 'postgres',
      options: '-c lc_messages=C',
      password: new Secret('none'),
    };
  }

  /** Waits briefly for the end of the server. Returns whether it has ended. */
  async endsSoon(): Promise<boolean> {
    await Promise.race([
      this.server.ended.catch(() => undefined),
      pause(ENDS_SOON_MS, undefined, { ref: false }),
    ]);
    return this.ended;
  }

  /** Returns the last state in the log, without statements. The end of the log goes to the local report. */
  lastState(): string | undefined {
    const log = this.log();
    reportLocally(log);
    return (log.match(OF_MACHINE) ?? log.match(OF_SERVER))?.at(-1);
  }

  /** Returns the end of the log, which may hold values. */
  private log(): string {
    return this.server.stderr().slice(-LOG_LENGTH);
  }

  /** Shuts the server down at once, and ends its remaining programs. Never fails. */
  async stop(): Promise<void> {
    await Promise.race([this.server.stop(), pause(ENDS_WITHIN_MS, undefined, { ref: false })]);
    await this.options.folder.endAll();
  }

  private async untilReady(): Promise<void> {
    const giveUpAt = performance.now() + READY_WITHIN_MS;
    while (!this.ended && performance.now() < giveUpAt) {
      throwIfAborted(this.options.signal);
      const client = await connect(this.connection, this.options.signal).catch(() => undefined);
      if (client !== undefined) return disconnect(client);
      await pause(POLL_MS);
    }
    throwIfAborted(this.options.signal);
    throw notMade('the temporary server did not start', this.log());
  }
}

async function initialise(
  { programs, folder, env, signal }: TemporaryServerOptions,
  superuser: string,
): Promise<void> {
  let why = 'no locale is known for it';
  for (const locale of LOCALES) {
    const args = [
      '--pgdata',
      folder.serverData,
      '--no-sync',
      '--auth=trust',
      '--encoding=UTF8',
      `--locale=${locale}`,
      `--username=${superuser}`,
    ];
    const end = await runKept(programs.initdb, args, { env, within: folder.within, signal });
    if (end.code === 0) return;
    why = describeEnd('initdb', end);
    if (!end.stderr.includes('invalid locale')) break;
  }
  throw notMade('the temporary server could not be made', why);
}

function notMade(what: string, why: string): BackupError {
  const text = `${what}: ${why}`;
  if (/No space left on device|Disk quota exceeded/.test(why))
    return new BackupError('STORE_FULL', text, { hint: 'Free some space there, or enlarge the volume' });
  return new BackupError('PROGRAM_NOT_STARTED', text, {
    hint: 'Look for what takes all memory, processes or open files of this machine (or of the container)',
  });
}
