import { spawn } from 'node:child_process';

export interface RunOptions {
  /** The whole environment of the program; default: this process's own. */
  readonly env?: NodeJS.ProcessEnv;
  /** Written to the program's standard input, which is empty otherwise. */
  readonly input?: string;
  /** Milliseconds after which the program is killed and the call rejects; default: none. */
  readonly timeout?: number;
  /** Kills the program when it is aborted, and the call rejects; default: none. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a program to its end and gives its standard output as text. Rejects with the program's name, how it
 * ended and what it wrote to standard error when it fails or cannot be started.
 */
export function runProgram(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: options.env ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: options.timeout,
      signal: options.signal,
      killSignal: 'SIGKILL',
    });
    const output: Buffer[] = [];
    const complaints: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
    // A program that ends before it has read everything breaks the pipe; its exit code tells what went wrong.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.once('error', (cause) => {
      reject(new Error(`${command} could not be started: ${cause.message}`, { cause }));
    });
    child.once('close', (code, signal) => {
      if (code === 0) resolve(Buffer.concat(output).toString());
      else
        reject(
          new Error(
            `${command} ended with ${signal ?? `exit code ${code}`}: ${Buffer.concat(complaints).toString().trim()}`,
          ),
        );
    });
  });
}
