import { createInterface } from 'node:readline/promises';
import type { Io } from './io.ts';
import { printable } from './present/redact.ts';

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
