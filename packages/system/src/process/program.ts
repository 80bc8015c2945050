import type { ChildProcess, StdioOptions } from 'node:child_process';
import { Readable, Writable } from 'node:stream';
import { abortedBy, throwIfAborted, BackupError } from '@geolens/backup-core';
import { missing, notStarted, startProgram } from './start-program.ts';

/**
 * How long a program has to end by itself when it is asked to, before it is killed. A run has ten seconds in
 * all.
 */
const GRACE_MS = 4_000;

/** The environment that a program gets: nothing of ours passes to it that is not in here. */
export type ProgramEnvironment = Readonly<Record<string, string>>;

export interface ProgramOptions {
  readonly env: ProgramEnvironment;
  readonly signal?: AbortSignal | undefined;
  readonly stdin?: 'ignore' | 'pipe' | undefined;
  readonly stdout?: 'ignore' | 'pipe' | undefined;
  /** Told what the program says on stderr, as it says it. */
  readonly onStderr?: ((chunk: Buffer) => void) | undefined;
  /** File descriptors that the program gets as 3, 4, …. */
  readonly descriptors?: readonly number[] | undefined;
}

/** How a program ended. */
export interface ProgramEnd {
  /** Exit code, or undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly endedBy: NodeJS.Signals | undefined;
  /** The last part of its stderr. */
  readonly stderr: string;
}

/**
 * A program that was started. It has a process group of its own, so that a Ctrl-C on the terminal reaches
 * this process alone, which then ends the program in order; and it gets a SIGKILL from the system when this
 * process dies.
 */
export class Program {
  readonly file: string;
  private readonly child: ChildProcess;
  private readonly ended: Promise<ProgramEnd>;
  private readonly signal: AbortSignal | undefined;
  private gone = false;

  /**
   * @throws BackupError ABORTED when the signal has fired already, PROGRAM_NOT_STARTED when the system
   * refuses at once
   */
  constructor(file: string, args: readonly string[], options: ProgramOptions) {
    throwIfAborted(options.signal);
    this.file = file;
    this.signal = options.signal;
    const stdio: StdioOptions = [
      options.stdin ?? 'ignore',
      options.stdout ?? 'pipe',
      'pipe',
      ...(options.descriptors ?? []),
    ];
    const end = Promise.withResolvers<ProgramEnd>();
    const command = ['--pdeathsig', 'KILL', '--', file, ...args];
    this.child = startProgram('setpriv', command, {
      env: options.env,
      stdio,
      detached: true,
      onFailure: end.reject,
    });
    const stop = (): void => {
      this.stop();
    };
    options.signal?.addEventListener('abort', stop, { once: true });
    this.watch(end.resolve, end.reject, options.onStderr);
    this.ended = end.promise.finally(() => options.signal?.removeEventListener('abort', stop));
    this.ended.catch(() => undefined); // whoever asks for the end gets it; nobody has to
  }

  get stdin(): Writable {
    return this.child.stdin ?? new Writable().destroy(); // of a program that did not start; its end tells
  }

  get stdout(): Readable {
    return this.child.stdout ?? Readable.from([]);
  }

  /** Asks the program to end, and makes it. Safe to call at any time. */
  stop(): void {
    this.kill('SIGTERM');
    const last = setTimeout(() => {
      this.kill('SIGKILL');
    }, GRACE_MS);
    void this.ended.then(
      () => {
        clearTimeout(last);
      },
      () => {
        clearTimeout(last);
      },
    );
  }

  /**
   * How it ended. Rejects when it could not be started (PROGRAM_MISSING, PROGRAM_NOT_STARTED), or was stopped
   * by the signal (ABORTED).
   */
  async end(): Promise<ProgramEnd> {
    const end = await this.ended;
    if (this.signal?.aborted === true) throw abortedBy(this.signal);
    return end;
  }

  private kill(signal: NodeJS.Signals): void {
    // Not the program's own exit counts: what it has started may go on, and hold its output open.
    if (this.child.pid === undefined || this.gone) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch {
      // All of them have just ended by themselves.
    }
  }

  private watch(
    resolve: (end: ProgramEnd) => void,
    reject: (error: Error) => void,
    onStderr?: (chunk: Buffer) => void,
  ): void {
    if (onStderr !== undefined) this.child.stderr?.on('data', onStderr);
    const tail = tailOf(this.child.stderr);
    this.child.once('close', (code, signal) => {
      this.gone = true;
      const stderr = tail();
      const refused = stderr.startsWith('setpriv:') ? code : undefined;
      if (refused === NOT_FOUND) reject(missing(this.file));
      else if (refused === NOT_EXECUTED)
        reject(FORBIDDEN.test(stderr) ? missing(this.file) : notStarted(this.file, stderr));
      else resolve({ code: code ?? undefined, endedBy: signal ?? undefined, stderr });
    });
  }
}

/**
 * What setpriv exits with when there is no such program, and when there is one that could not be executed.
 */
const NOT_FOUND = 127;
const NOT_EXECUTED = 126;
const FORBIDDEN = /permission denied$/i;

/** One line on how a program ended, with what it said last. */
export function describeEnd(file: string, { code, endedBy, stderr }: ProgramEnd): string {
  const how = endedBy === undefined ? `exited with ${code ?? '?'}` : `was ended by ${endedBy}`;
  const last = stderr.split('\n').slice(-5).join(' | ');
  return `${file.split('/').at(-1) ?? file} ${how}${last === '' ? '' : `: ${last}`}`;
}

/** Enough for any message. */
const KEPT_BYTES = 64 * 1024;

/**
 * Reads a stream to its end and keeps the last part of it, of bounded size.
 * @returns a function that returns that part as text
 */
export function tailOf(stream: Readable | null): () => string {
  const kept: Buffer[] = [];
  let length = 0;
  stream?.on('data', (chunk: Buffer) => {
    kept.push(chunk);
    length += chunk.length;
    for (let [first] = kept; first !== undefined && length - first.length >= KEPT_BYTES; [first] = kept) {
      length -= first.length;
      kept.shift();
    }
  });
  return () => Buffer.concat(kept).toString('utf8').trim();
}

/** What people and systems end programs with; one that crashes over what it reads gets others. */
const BY_OTHERS: readonly NodeJS.Signals[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'];

/** What tar says when the program that decompresses for it was killed. */
const CHILD_KILLED = /died with signal (?:1|2|9|15)\b/;

const HINT = 'Look for a kill or a want of memory in the log of the system, then try again';

/**
 * Returns the error of a program that another process ended: the input of the program may be good.
 * `undefined` if the program ended by itself.
 */
export function endedByOthers(file: string, end: ProgramEnd): BackupError | undefined {
  const byOthers =
    (end.endedBy !== undefined && BY_OTHERS.includes(end.endedBy)) || CHILD_KILLED.test(end.stderr);
  return byOthers ? new BackupError('PROGRAM_ENDED', describeEnd(file, end), { hint: HINT }) : undefined;
}
