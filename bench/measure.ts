import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  childrenProcessorSeconds,
  peakBytes,
  pidOf,
  proportionalBytes,
  residentBytes,
  treeOf,
} from './proc-tree.ts';

export interface CommandLine {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Exit codes that are no failure; 0 alone when absent. */
  readonly codes?: readonly number[];
}

/** What a command took, with everything that it started. Servers that it spoke to are not in it. */
export interface Measured {
  readonly seconds: number;
  /** User and system time. */
  readonly cpuSeconds: number;
  /** The most that the command's own process had resident: that of Node, where the command is ours. */
  readonly ownPeakBytes: number;
  /**
   * The most that all processes took together at one moment: its own resident memory, and that of the others,
   * what they share by their share (PSS).
   */
  readonly treePeakBytes: number;
}

const SAMPLE_EVERY_MS = 50;

/**
 * Runs a command to its end and looks at its processes all the while. One at a time: processor time is that
 * of all children.
 */
export async function measure({
  file,
  args,
  env,
  codes = [0],
}: CommandLine): Promise<{ readonly measured: Measured; readonly stdout: string }> {
  const cpuBefore = childrenProcessorSeconds();
  const began = performance.now();
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, complaints]: [string[], string[]] = [[], []];
  child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => complaints.push(text));
  let ended: number | undefined;
  child.once('exit', () => (ended = performance.now()));
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const peaks = { own: 0, tree: 0 };
  const over = new AbortController();
  const sampling = sampleUntil(over.signal, () => {
    const [own, ...others] = treeOf(pidOf(child));
    peaks.own = Math.max(peaks.own, peakBytes(own));
    // The bench itself is a Node too: by shares alone, half of the program's pages would be its.
    peaks.tree = Math.max(
      peaks.tree,
      others.reduce((sum, pid) => sum + proportionalBytes(pid), residentBytes(own)),
    );
  });
  try {
    const [code, signal] = await closed;
    if (code === null || !codes.includes(code))
      throw new Error(
        `${file} ${args.join(' ')} ended with ${signal ?? code}:\n${output.join('')}${complaints.join('')}`,
      );
  } finally {
    over.abort();
    await sampling;
  }
  const measured = {
    seconds: ((ended ?? performance.now()) - began) / 1000,
    cpuSeconds: childrenProcessorSeconds() - cpuBefore,
    ownPeakBytes: peaks.own,
    treePeakBytes: peaks.tree,
  };
  return { measured, stdout: output.join('') };
}

async function sampleUntil(signal: AbortSignal, inspect: () => void): Promise<void> {
  while (!signal.aborted) {
    inspect();
    await sleep(SAMPLE_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}
