import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** A process and all that descend from it, as long as their parents live. */
export function treeOf(pid: number): readonly [number, ...number[]] {
  const children = entries(`/proc/${pid}/task`).flatMap((thread) =>
    numbers(read(`/proc/${pid}/task/${thread}/children`)),
  );
  return [pid, ...children.flatMap(treeOf)];
}

/** The number of a process that has been started. */
export function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('the process could not be started');
  return pid;
}

/** Bytes of memory that a process takes, what it shares with others by its share (PSS); 0 when it is gone. */
export function proportionalBytes(pid: number): number {
  return kilobytes(read(`/proc/${pid}/smaps_rollup`), 'Pss');
}

/** Bytes of the most that a process has had resident; 0 when it is gone. */
export function peakBytes(pid: number): number {
  return kilobytes(read(`/proc/${pid}/status`), 'VmHWM');
}

/** Bytes that a process has resident; 0 when it is gone. */
export function residentBytes(pid: number): number {
  return kilobytes(read(`/proc/${pid}/status`), 'VmRSS');
}

/**
 * How often the threads of a process have gone to sleep by themselves: each time something has woken them.
 */
export function wakeUps(pid: number): number {
  return sumOverThreads(pid, (folder) =>
    Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(read(`${folder}/status`))?.[1] ?? 0),
  );
}

/** Milliseconds of processor time that the threads of a process have had. */
export function processorMilliseconds(pid: number): number {
  return sumOverThreads(pid, (folder) => Number(read(`${folder}/schedstat`).split(' ')[0]) / 1e6);
}

/** Seconds of processor time of this process's children that have ended, and of theirs. */
export function childrenProcessorSeconds(): number {
  const fields = read('/proc/self/stat')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
}

/** On Linux it is always this, for what the kernel tells to programs. */
const TICKS_PER_SECOND = 100;

function sumOverThreads(pid: number, of: (folder: string) => number): number {
  return entries(`/proc/${pid}/task`).reduce((sum, thread) => sum + of(`/proc/${pid}/task/${thread}`), 0);
}

function kilobytes(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;
}

function numbers(text: string): readonly number[] {
  return text.split(' ').filter(Boolean).map(Number);
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // it has just ended
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
