import { openSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { ReadStream } from 'node:tty';
import type { Environment } from './config/read-environment.ts';
import { printable } from './present/redact.ts';

/** Output of a command: results to stdout, messages for people to stderr. */
export interface Io {
  /** Writes results. */
  stdout(text: string): void;
  /** Width of stdout. `undefined` if it is not a terminal. */
  readonly columns?: number | undefined;
  /** Writes log lines and errors. */
  stderr(text: string): void;
  /**
   * Reads standard input to its end: at most 64 KiB, which no identity file exceeds. `undefined` if there is
   * none.
   */
  readonly stdin?: (() => Promise<Uint8Array>) | undefined;
  /** Terminal of the operator. `undefined` if there is none. */
  readonly terminal?: Terminal | undefined;
}

/** Interactive terminal of the operator. */
export interface Terminal {
  /** Prints the question and returns the line that the operator enters. */
  ask(question: string, signal: AbortSignal): Promise<string>;
  /** Shows the progress on a line that later output overwrites. An empty text removes the line. */
  status(text: string): void;
  /** Present width. `undefined` if it is unknown. */
  readonly columns?: number | undefined;
}

/** Options of `runCli`. */
export interface CliOptions {
  /** All environment variables. The command line does not read `process.env`. */
  readonly env: Environment;
  /** Output of the command, and the terminal for questions. */
  readonly io: Io;
  /** Aborts when the process must end. */
  readonly signal: AbortSignal;
}

/** Width if the terminal does not report one. */
const USUAL_WIDTH = 80;

const CLEAR_LINE = '\r\u001b[K';

/** Maximum length of standard input, in bytes. */
const LONGEST_INPUT = 64 * 1024;

async function readInput(stdin: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > LONGEST_INPUT) throw new Error(`standard input has more than ${LONGEST_INPUT} bytes`);
  }
  return Buffer.concat(chunks);
}

/** Returns the output of the process. Includes a terminal if both stdin and stderr are terminals. */
export function processIo(): Io {
  const { stdin, stdout, stderr } = process;
  let shown = '';
  const write = (text: string): void => {
    stderr.write(shown === '' ? printable(text) : CLEAR_LINE + printable(text) + shown);
  };
  const columns = (): number => stderr.columns || USUAL_WIDTH;
  const status = (text: string): void => {
    shown = printable(text).slice(0, columns() - 1);
    stderr.write(CLEAR_LINE + shown);
  };
  const read = (): Promise<Uint8Array> => {
    if (stdin.isTTY) write('Enter the identity (private key), then press Enter and Ctrl-D:\n');
    return readInput(stdin);
  };
  const ask = async (question: string, signal: AbortSignal): Promise<string> => {
    status('');
    // An identity was read from the terminal to the end of the input.
    const input = stdin.destroyed ? new ReadStream(openSync('/dev/tty', 'r')) : stdin;
    const lines = createInterface({ input, output: stderr });
    try {
      return await lines.question(printable(question), { signal });
    } finally {
      lines.close();
      if (input !== stdin) input.destroy();
    }
  };
  const atTerminal = stdin.isTTY && stderr.isTTY;
  return {
    stdout: (text) => stdout.write(printable(text)),
    columns: stdout.columns || undefined,
    stderr: write,
    stdin: read,
    ...(atTerminal && {
      terminal: {
        ask,
        status,
        get columns() {
          return columns();
        },
      },
    }),
  };
}
