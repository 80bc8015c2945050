import { createInterface } from 'node:readline/promises';
import type { Environment } from './config/read-environment.ts';
import { printable } from './present/redact.ts';

/** Where a command writes: results to stdout, everything for people's eyes to stderr. */
export interface Io {
  /** Results: what was asked for. */
  stdout(text: string): void;
  /** The log, and what is wrong. */
  stderr(text: string): void;
  /** Where a person sits at a terminal; undefined where nobody does. */
  readonly terminal?: Terminal | undefined;
}

/** A person at a terminal. */
export interface Terminal {
  /** Asks, and waits for a line. */
  ask(question: string, signal: AbortSignal): Promise<string>;
  /** Shows how far the work is, on a line of its own that is written over; an empty text takes it away. */
  status(text: string): void;
}

/** What the process gives to the command line. */
export interface CliOptions {
  /** All variables that there are: nothing of the process’s own is read. */
  readonly env: Environment;
  /** Where the command writes, and whom it asks. */
  readonly io: Io;
  /** Fires when the process is asked to end. */
  readonly signal: AbortSignal;
}

/** Where a terminal does not say how wide it is. */
const USUAL_WIDTH = 80;

const CLEAR_LINE = '\r\u001b[K';

/** What a process writes to, with a terminal when there is one at both ends. */
export function processIo(): Io {
  const { stdin, stdout, stderr } = process;
  let shown = '';
  const write = (text: string): void => {
    stderr.write(shown === '' ? printable(text) : CLEAR_LINE + printable(text) + shown);
  };
  const status = (text: string): void => {
    shown = printable(text).slice(0, (stderr.columns || USUAL_WIDTH) - 1);
    stderr.write(CLEAR_LINE + shown);
  };
  const ask = async (question: string, signal: AbortSignal): Promise<string> => {
    status('');
    const lines = createInterface({ input: stdin, output: stderr });
    try {
      return await lines.question(printable(question), { signal });
    } finally {
      lines.close();
    }
  };
  const atTerminal = stdin.isTTY && stderr.isTTY;
  return {
    stdout: (text) => stdout.write(printable(text)),
    stderr: write,
    ...(atTerminal && { terminal: { ask, status } }),
  };
}
