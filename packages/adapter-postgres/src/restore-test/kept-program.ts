import type { ChildProcess } from 'node:child_process';
import { abortedBy, throwIfAborted } from '@geolens/backup-core';
import { type ProgramEnd, type ProgramEnvironment, startProgram, tailOf } from '@geolens/backup-system';
import type { Account } from './account.ts';

/*
 * Ends the program as soon as stdin ends: when it is closed, or this process is gone, however it ended. The
 * signal that the system sends at a parent's death would not do for that alone: root without CAP_KILL has no
 * right to signal another user's process, dead or alive. Between keeper and program, which have one user, it
 * is allowed. The keeper uses the last descriptor that sh knows. A program that does not end within four
 * seconds is killed, with its process group, or with all processes of its account.
 */
const KEEPER = `
signal=$1; last=$2; shift 2
exec 9<&0
setpriv --pdeathsig "$signal" -- "$@" 9<&- &
program=$!
(
  read -r _
  tries=40
  while [ $tries -gt 0 ] && kill -s "$signal" $program; do sleep 0.1; tries=$((tries - 1)); done
  kill -s KILL -- $last
) <&9 >/dev/null 2>&1 &
watcher=$!
exec 9<&-
wait $program
code=$?
kill -s KILL $watcher 2>/dev/null
exit $code`;

/** Where and as whom a program of a restore test runs when this process is root. */
export interface Confinement {
  readonly account: Account;
  /** A descriptor of the folder that the program gets as FOLDER_DESCRIPTOR. */
  readonly folder: number;
  /** How many processes the account may have at most; unlimited when absent. */
  readonly processes?: number | undefined;
}

export interface KeptProgramOptions {
  /** Of it, the program gets PATH alone. */
  readonly env: ProgramEnvironment;
  /**
   * An account and a folder; or a file, for a program that runs as the user of this process. The program, and
   * everything that it starts, holds a shared lock on the file: if an exclusive one can be had, all of them
   * have ended.
   */
  readonly within: Confinement | { readonly alive: string };
  readonly signal?: AbortSignal | undefined;
  /**
   * What it is asked to end with: TERM when absent. To a PostgreSQL server, QUIT is an immediate shutdown.
   */
  readonly endsWith?: 'TERM' | 'QUIT' | undefined;
}

/** How long the output of a program is read after its end: programs that it left may hold the pipe open. */
const DRAIN_MS = 200;

/**
 * A program that may run as another user, and ends, with what it started, when this process does, however
 * that ends.
 */
export class KeptProgram {
  /** How it ended. Rejects when it could not be started. */
  readonly ended: Promise<ProgramEnd>;
  /** Returns the last part of its stderr so far. */
  readonly stderr: () => string;
  private readonly child: ChildProcess;

  /**
   * @throws BackupError ABORTED when the signal has fired already, PROGRAM_NOT_STARTED when the system
   * refuses at once
   */
  constructor(
    file: string,
    args: readonly string[],
    { env, within, signal, endsWith = 'TERM' }: KeptProgramOptions,
  ) {
    throwIfAborted(signal);
    const [identity, around, last, descriptors] =
      'alive' in within
        ? [[], ['flock', '--shared', '--no-fork', within.alive], '0', []]
        : [asAccount(within.account), limits(within), '-1', [within.folder]];
    const keeper = [...around, 'sh', '-c', KEEPER, 'sh', endsWith, last];
    const command = ['--inh-caps', '-all', '--no-new-privs', ...identity, '--', ...keeper, file, ...args];
    const { promise, resolve, reject } = Promise.withResolvers<ProgramEnd>();
    this.child = startProgram('setpriv', command, {
      env: { PATH: env['PATH'] ?? '', LC_ALL: 'C' },
      stdio: ['pipe', 'ignore', 'pipe', ...descriptors],
      detached: true,
      cwd: '/',
      label: 'setpriv',
      onFailure: reject,
    });
    this.child.stdin?.on('error', () => undefined); // its end is told by its exit
    const stop = (): void => void this.stop();
    signal?.addEventListener('abort', stop, { once: true });
    this.ended = promise.finally(() => signal?.removeEventListener('abort', stop));
    this.ended.catch(() => undefined); // whoever asks for the end gets it; nobody has to
    this.stderr = tailOf(this.child.stderr);
    this.watch(resolve);
  }

  /** Asks it to end, and resolves when it has; never fails. */
  async stop(): Promise<void> {
    this.child.stdin?.destroy();
    await this.ended.catch(() => undefined);
  }

  private watch(resolve: (end: ProgramEnd) => void): void {
    this.child.once('exit', (code, signal) => {
      const finish = (): void => {
        clearTimeout(patience);
        this.child.stdin?.destroy();
        this.child.stderr?.destroy();
        resolve({ code: code ?? undefined, endedBy: signal ?? undefined, stderr: this.stderr() });
      };
      const patience = setTimeout(finish, DRAIN_MS);
      this.child.once('close', finish);
    });
  }
}

function limits({ processes }: Confinement): readonly string[] {
  return ['prlimit', '--core=0', ...(processes === undefined ? [] : [`--nproc=${processes}`])];
}

function asAccount({ uid, gid }: Account): readonly string[] {
  return ['--reuid', String(uid), '--regid', String(gid), '--clear-groups'];
}

/**
 * Runs such a program to its end.
 * @throws BackupError ABORTED when the signal has fired
 */
export async function runKept(
  file: string,
  args: readonly string[],
  options: KeptProgramOptions,
): Promise<ProgramEnd> {
  const end = await new KeptProgram(file, args, options).ended;
  if (options.signal?.aborted === true) throw abortedBy(options.signal);
  return end;
}
