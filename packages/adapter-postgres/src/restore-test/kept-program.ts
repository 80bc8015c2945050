import type { ChildProcess } from 'node:child_process';
import { abortedBy, throwIfAborted } from '@geolens/backup-core';
import { type ProgramEnd, type ProgramEnvironment, startProgram, tailOf } from '@geolens/backup-system';
import type { Account } from './account.ts';

/*
 * Ends the program as soon as stdin ends: if it is closed, or if this process ends for any reason. The
 * kernel's parent-death signal does not suffice: root without CAP_KILL may not signal another user's process.
 * The keeper and the program have the same user, so the signal works between them. The keeper uses the last
 * descriptor that sh supports. After four seconds it kills the program with its process group, or with all
 * processes of its account.
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

/** The account and the folder of a restore test's program if this process is root. */
export interface Confinement {
  readonly account: Account;
  /** Descriptor of the folder, which the program gets as FOLDER_DESCRIPTOR. */
  readonly folder: number;
  /** Maximum number of processes of the account. Defaults to no limit. */
  readonly processes?: number | undefined;
}

export interface KeptProgramOptions {
  /** The program gets only PATH of it. */
  readonly env: ProgramEnvironment;
  /**
   * An account and a folder, or a file for a program that runs as the user of this process. The program and
   * its child processes hold a shared lock on the file. An exclusive lock is available only after all of them
   * have ended.
   */
  readonly within: Confinement | { readonly alive: string };
  readonly signal?: AbortSignal | undefined;
  /** Signal that ends the program. Defaults to TERM. QUIT shuts a PostgreSQL server down immediately. */
  readonly endsWith?: 'TERM' | 'QUIT' | undefined;
}

/** Milliseconds to read output after a program ends: its child processes may keep the pipe open. */
const DRAIN_MS = 200;

/** A program that may run as another user. It ends, with its child processes, if this process ends. */
export class KeptProgram {
  /** Resolves to how the program ended. Rejects if it could not be started. */
  readonly ended: Promise<ProgramEnd>;
  /** Returns the last part of stderr so far. */
  readonly stderr: () => string;
  private readonly child: ChildProcess;

  /**
   * @throws BackupError ABORTED if the signal has already fired
   * @throws BackupError PROGRAM_NOT_STARTED if the system refuses at once
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
    this.child.stdin?.on('error', () => undefined); // the exit code reports its end
    const stop = (): void => void this.stop();
    signal?.addEventListener('abort', stop, { once: true });
    this.ended = promise.finally(() => signal?.removeEventListener('abort', stop));
    this.ended.catch(() => undefined); // the caller of `ended` gets the rejection; using it is optional
    this.stderr = tailOf(this.child.stderr);
    this.watch(resolve);
  }

  /** Ends the program and waits for it; never fails. */
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
 * @throws BackupError ABORTED if the signal has fired
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
