import type { ChildProcess } from 'node:child_process';
import { abortedBy, throwIfAborted } from '@geolens/backup-core';
import { type ProgramEnd, type ProgramEnvironment, startProgram, tailOf } from '@geolens/backup-system';
import type { ServerUser } from './server-user.ts';

/*
 * Ends the program as soon as stdin ends: when it is closed, or this process is gone, however it ended. The
 * signal that the system sends at a parent's death would not do for that alone: root without CAP_KILL has no
 * right to signal another user's process, dead or alive. Between keeper and program, which have one user, it
 * is allowed. The lock on the file lies on the first descriptor that was free, and is inherited; the keeper
 * uses the last that sh knows. A program that does not end within four seconds is killed, with its process
 * group.
 */
const KEEPER = `
signal=$1; shift
exec 9<&0
setpriv --pdeathsig "$signal" -- "$@" 9<&- &
program=$!
(
  read -r _
  tries=40
  while [ $tries -gt 0 ] && kill -s "$signal" $program; do sleep 0.1; tries=$((tries - 1)); done
  kill -s KILL 0
) <&9 >/dev/null 2>&1 &
watcher=$!
exec 9<&-
wait $program
code=$?
kill -s KILL $watcher 2>/dev/null
exit $code`;

export interface KeptProgramOptions {
  readonly env: ProgramEnvironment;
  /** Whom it runs as; undefined: as this process. */
  readonly user: ServerUser | undefined;
  /**
   * A file that it, and everything it starts, holds a shared lock on: whoever gets the exclusive one knows
   * that they have all ended.
   */
  readonly alive: string;
  readonly signal?: AbortSignal | undefined;
  /**
   * What it is asked to end with: TERM when absent. To a PostgreSQL server, QUIT is an immediate shutdown.
   */
  readonly endsWith?: 'TERM' | 'QUIT' | undefined;
  /** Where its stdout and stderr go; when absent, stderr is told with its end. */
  readonly log?: number | undefined;
}

/**
 * A program that may run as another user, and ends, with what it started, when this process does, however
 * that ends.
 */
export class KeptProgram {
  /** How it ended. Rejects when it could not be started. */
  readonly ended: Promise<ProgramEnd>;
  private readonly child: ChildProcess;

  /**
   * @throws BackupError ABORTED when the signal has fired already, PROGRAM_NOT_STARTED when the system
   * refuses at once
   */
  constructor(
    file: string,
    args: readonly string[],
    { env, user, alive, signal, endsWith = 'TERM', log }: KeptProgramOptions,
  ) {
    throwIfAborted(signal);
    const identity =
      user === undefined ? [] : ['--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups'];
    const command = [
      '--inh-caps',
      '-all',
      ...identity,
      '--',
      'flock',
      '--shared',
      '--no-fork',
      alive,
      'sh',
      '-c',
      KEEPER,
      'sh',
      endsWith,
      file,
      ...args,
    ];
    const { promise, resolve, reject } = Promise.withResolvers<ProgramEnd>();
    const stdio = ['pipe' as const, log ?? ('ignore' as const), log ?? ('pipe' as const)];
    this.child = startProgram('setpriv', command, {
      env,
      stdio,
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
    this.watch(resolve);
  }

  /** Asks it to end, and resolves when it has; never fails. */
  async stop(): Promise<void> {
    this.child.stdin?.destroy();
    await this.ended.catch(() => undefined);
  }

  private watch(resolve: (end: ProgramEnd) => void): void {
    const tail = tailOf(this.child.stderr);
    this.child.once('close', (code, signal) => {
      this.child.stdin?.destroy();
      resolve({ code: code ?? undefined, endedBy: signal ?? undefined, stderr: tail() });
    });
  }
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
