import { open, type FileHandle } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { BackupError, Secret, throwIfAborted } from '@geolens/backup-core';
import { describeEnd, lowPriority, type ProgramEnvironment } from '@geolens/backup-system';
import { connect, disconnect } from '../connection/connection.ts';
import { reportLocally } from '../connection/local-report.ts';
import type { ConnectionSettings } from '../connection/connection-settings.ts';
import type { RestoreTestPaths } from './restore-test-paths.ts';
import { KeptProgram, runKept } from './kept-program.ts';
import { asArguments, TEMPORARY_SERVER_PORT, temporaryServerSettings } from './temporary-server-settings.ts';
import type { ServerPrograms } from './server-programs.ts';
import type { ServerUser } from './server-user.ts';

const SUPERUSER = 'postgres';

/** With the letters of all languages; where the system does not have it, with those of English. */
const LOCALES = ['C.UTF-8', 'C'];

const POLL_MS = 15;
const READY_WITHIN_MS = 60_000;

const LOG_BYTES = 2_000;

/** What a server logs of itself, of a process that ended, and of a machine that lacks something. */
const OF_SERVER =
  /(?:server process|[a-z ]+ process) \(PID \d+\) (?:was terminated by signal \d+|exited with exit code \d+)|database system is (?:ready to accept connections|shut down)|No space left on device|out of memory/g;

export interface TemporaryServerOptions {
  readonly programs: ServerPrograms;
  readonly paths: RestoreTestPaths;
  readonly user: ServerUser | undefined;
  /** Without anything that is meant for clients of another server. */
  readonly env: ProgramEnvironment;
  readonly jobs?: number | undefined;
  readonly signal: AbortSignal;
}

/** A PostgreSQL server of a restore test: new, empty, reached by its socket alone, and gone when this process is. */
export class TemporaryServer {
  /** Whether it has ended, by itself or by `stop`. */
  ended = false;
  private readonly server: KeptProgram;
  private readonly logFile: FileHandle;
  private readonly options: TemporaryServerOptions;

  private constructor(server: KeptProgram, logFile: FileHandle, options: TemporaryServerOptions) {
    this.server = server;
    this.logFile = logFile;
    this.options = options;
    const note = (): void => {
      this.ended = true;
    };
    server.ended.then(note, note);
  }

  /**
   * @throws BackupError PROGRAM_NOT_STARTED when this machine does not let it start, STORE_FULL when there is
   * no room
   */
  static async start(options: TemporaryServerOptions): Promise<TemporaryServer> {
    await initialise(options);
    const { programs, paths, user, env, jobs = availableParallelism(), signal } = options;
    const log = await open(paths.log, 'ax+', 0o600);
    let server: TemporaryServer | undefined;
    try {
      const settings = asArguments(temporaryServerSettings(paths.data, jobs));
      const [file, ...args] = await lowPriority([programs.postgres, '-D', paths.data, ...settings], env);
      const kept = new KeptProgram(file, args, {
        env: { ...env, LC_ALL: 'C' },
        user,
        alive: paths.alive,
        signal,
        endsWith: 'QUIT',
        log: log.fd,
      });
      server = new TemporaryServer(kept, log, options);
      await server.untilReady();
      return server;
    } catch (error) {
      await (server === undefined ? log.close() : server.stop());
      throw error;
    }
  }

  /**
   * How to reach it. Options and password are set so that those of another server are not taken from the
   * environment of this process or from a password file: a program of the dump can take the place of the
   * server and ask for a password.
   */
  get connection(): ConnectionSettings {
    return {
      host: this.options.paths.data,
      port: TEMPORARY_SERVER_PORT,
      user: SUPERUSER,
      database: 'postgres',
      options: '-c lc_messages=C',
      password: new Secret('none'),
    };
  }

  /** Returns what its log has last of itself, without statements. The end of the log goes to the local report. */
  async lastState(): Promise<string | undefined> {
    const log = await this.log();
    reportLocally(log);
    return log.match(OF_SERVER)?.at(-1);
  }

  /** Returns the end of its log, which may hold values; an empty text if that cannot be read, or after `stop`. */
  private async log(): Promise<string> {
    try {
      const { size } = await this.logFile.stat();
      const { buffer, bytesRead } = await this.logFile.read(
        Buffer.alloc(LOG_BYTES),
        0,
        LOG_BYTES,
        Math.max(0, size - LOG_BYTES),
      );
      return buffer.toString('utf8', 0, bytesRead).trim();
    } catch {
      return '';
    }
  }

  /** Shuts it down at once, and closes its log. Never fails. */
  async stop(): Promise<void> {
    await this.server.stop();
    await this.logFile.close().catch(() => undefined);
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
    throw notMade('the temporary server did not start', await this.log());
  }
}

async function initialise({ programs, paths, user, env, signal }: TemporaryServerOptions): Promise<void> {
  let why = 'no locale is known for it';
  for (const locale of LOCALES) {
    const args = [
      '--pgdata',
      paths.data,
      '--no-sync',
      '--auth=trust',
      '--encoding=UTF8',
      `--locale=${locale}`,
      `--username=${SUPERUSER}`,
    ];
    const end = await runKept(programs.initdb, args, {
      env: { ...env, LC_ALL: 'C' },
      user,
      alive: paths.alive,
      signal,
    });
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
