import type { ChildProcess, StdioOptions } from 'node:child_process';
import { Duplex, Readable, Writable } from 'node:stream';
import { abortedBy, throwIfAborted, BackupError, type Secret } from '@geolens/backup-core';
import { missing, notStarted, startProgram } from './start-program.ts';

/** Milliseconds between SIGTERM and SIGKILL, for a program to end by itself. A run has ten seconds. */
const GRACE_MS = 4_000;

/** Complete environment of a program. The program inherits no other variable. */
export type ProgramEnvironment = Readonly<Record<string, string>>;

export interface ProgramOptions {
  readonly env: ProgramEnvironment;
  readonly signal?: AbortSignal | undefined;
  readonly stdin?: 'ignore' | 'pipe' | undefined;
  readonly stdout?: 'ignore' | 'pipe' | undefined;
  /** Called with each chunk of stderr as it arrives. */
  readonly onStderr?: ((chunk: Buffer) => void) | undefined;
  /** File descriptors that the program gets as 3, 4, …. */
  readonly descriptors?: readonly number[] | undefined;
  /**
   * Text that the program reads from the descriptor after {@link descriptors}: 3 if there are none. It is a
   * socket, which has no path that could be opened, and the text appears in no argument, variable or file.
   */
  readonly secret?: Secret | undefined;
  /**
   * Whether the program shares the process group of this process, so that it can use the terminal. Defaults to
   * false.
   */
  readonly foreground?: boolean | undefined;
}

/** How a program ended. */
export interface ProgramEnd {
  /** Exit code; `undefined` if a signal ended the program. */
  readonly code: number | undefined;
  readonly endedBy: NodeJS.Signals | undefined;
  /** Last part of stderr. */
  readonly stderr: string;
}

/**
 * A started program. It has a process group of its own, so Ctrl-C on the terminal reaches only this process.
 * This process then stops the program in order. The kernel sends SIGKILL to the program if this process dies.
 */
export class Program {
  readonly file: string;
  private readonly child: ChildProcess;
  private readonly ended: Promise<ProgramEnd>;
  private readonly signal: AbortSignal | undefined;
  /** Id for kill(2): of its process group, or of the program if it has none. */
  private readonly target: number | undefined;
  private gone = false;

  /**
   * @throws BackupError ABORTED if the signal has already fired
   * @throws BackupError PROGRAM_NOT_STARTED if the system refuses at once
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
      ...(options.secret === undefined ? [] : ['pipe' as const]),
    ];
    const end = Promise.withResolvers<ProgramEnd>();
    const command = ['--pdeathsig', 'KILL', '--', file, ...args];
    this.child = startProgram('setpriv', command, {
      env: options.env,
      stdio,
      detached: options.foreground !== true,
      onFailure: end.reject,
    });
    const { pid } = this.child;
    this.target = pid === undefined || options.foreground === true ? pid : -pid;
    if (options.secret !== undefined) pass(options.secret, this.child.stdio[stdio.length - 1]);
    const stop = (): void => {
      this.stop();
    };
    options.signal?.addEventListener('abort', stop, { once: true });
    this.watch(end.resolve, end.reject, options.onStderr);
    this.ended = end.promise.finally(() => options.signal?.removeEventListener('abort', stop));
    this.ended.catch(() => undefined); // the caller of `end` gets the rejection; calling it is optional
  }

  get stdin(): Writable {
    return this.child.stdin ?? new Writable().destroy(); // the program did not start; `end` reports it
  }

  get stdout(): Readable {
    return this.child.stdout ?? Readable.from([]);
  }

  /** Sends SIGTERM, then SIGKILL after the grace period. Callers may call it at any time. */
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
   * Waits for the program and returns how it ended.
   * @throws BackupError PROGRAM_MISSING or PROGRAM_NOT_STARTED if it could not be started
   * @throws BackupError ABORTED if the signal stopped it
   */
  async end(): Promise<ProgramEnd> {
    const end = await this.ended;
    if (this.signal?.aborted === true) throw abortedBy(this.signal);
    return end;
  }

  private kill(signal: NodeJS.Signals): void {
    // Checks the whole group: child processes may outlive the program and keep its output open.
    if (this.target === undefined || this.gone) return;
    try {
      process.kill(this.target, signal);
    } catch {
      // All processes of the group have just ended by themselves.
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

/** Writes the secret to a descriptor of a program. The program may end without reading it. */
function pass(secret: Secret, descriptor: Readable | Writable | null | undefined): void {
  if (descriptor instanceof Duplex)
    descriptor
      .on('error', () => undefined)
      .resume()
      .end(secret.reveal());
}

/** Exit codes of setpriv if the program does not exist, and if it exists but could not be executed. */
const NOT_FOUND = 127;
const NOT_EXECUTED = 126;
const FORBIDDEN = /permission denied$/i;

/** Describes in one line how a program ended, with the last lines of its stderr. */
export function describeEnd(file: string, { code, endedBy, stderr }: ProgramEnd): string {
  const how = endedBy === undefined ? `exited with ${code ?? '?'}` : `was ended by ${endedBy}`;
  const last = stderr.split('\n').slice(-5).join(' | ');
  return `${file.split('/').at(-1) ?? file} ${how}${last === '' ? '' : `: ${last}`}`;
}

/** Maximum number of bytes kept of a stream; enough for any message. */
const KEPT_BYTES = 64 * 1024;

/**
 * Reads a stream to its end and keeps its last part, of bounded size.
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

/** Signals from operators and systems. A program that crashes on its input ends with other signals. */
const BY_OTHERS: readonly NodeJS.Signals[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'];

/** Message of tar if its decompression program was killed. */
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
