import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const BIN = fileURLToPath(new URL('../../packages/runner/bin/geolens-backup.js', import.meta.url));

/** Options of Node in the first line of the program: they decide how much memory it takes. */
const NODE_FLAGS = /^#!\S+ -S node (.*)$/m.exec(readFileSync(BIN, 'utf8'))![1]!.split(' ');

/**
 * Spares each of some thousand processes a tenth of its time: what Node has compiled is not compiled again.
 */
export const COMPILE_CACHE = fileURLToPath(new URL('../../.cache/compile-cache', import.meta.url));

/** How the command ended. */
export interface CliEnd {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

export interface CliOptions {
  /** On top of PATH, HOME, the cache of Node, and one arena of malloc as in the image; nothing else of this process gets through. */
  readonly env: Readonly<Record<string, string>>;
  /** Put before the command, for example `['nice']`. */
  readonly wrapper?: readonly string[];
}

/** The built command while it runs; it is killed when the test is finished, should it still run then. */
export class RunningCli {
  readonly child: ChildProcess;
  readonly end: Promise<CliEnd>;
  stdout = '';
  stderr = '';

  constructor(args: readonly string[], { env, wrapper = [] }: CliOptions) {
    const [file, ...rest] = [...wrapper, process.execPath, ...NODE_FLAGS, BIN, ...args] as [
      string,
      ...string[],
    ];
    const began = performance.now();
    this.child = spawn(file, rest, {
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        MALLOC_ARENA_MAX: '1',
        NODE_COMPILE_CACHE: COMPILE_CACHE,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.end = once(this.child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      stdout: this.stdout,
      stderr: this.stderr,
      milliseconds: performance.now() - began,
    }));
    onTestFinished(async () => {
      this.kill('SIGKILL');
      await this.end;
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Resolves as soon as stderr holds the text; rejects when the command ends before. */
  async says(text: string): Promise<void> {
    const ended = this.end.then((end) => {
      throw new Error(`ended with ${end.code ?? end.signal ?? '?'} before it said "${text}":\n${end.stderr}`);
    });
    ended.catch(() => undefined);
    while (!this.stderr.includes(text)) await Promise.race([once(this.child.stderr!, 'data'), ended]);
  }

  /** Whether it goes on. */
  get runs(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Signals the command's whole process group; nobody, when the command has ended. */
  kill(signal: NodeJS.Signals): void {
    if (this.runs) process.kill(-this.pid, signal);
  }

  /** Signals the command's own process alone, as an engine does with the first process of a container. */
  signal(signal: NodeJS.Signals): void {
    if (this.runs) process.kill(this.pid, signal);
  }
}

/** Runs the built command to its end. */
export async function geolensBackup(args: readonly string[], options: CliOptions): Promise<CliEnd> {
  return new RunningCli(args, options).end;
}
