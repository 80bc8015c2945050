import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** Programs that a command may start, and those that start them. */
const KNOWN = [
  ...['node', 'env', 'setpriv', 'nice', 'ionice', 'sh', 'dash', 'bash', 'flock', 'cat', 'id'],
  ...['tar', 'gzip', 'pigz', 'igzip', 'pg_dump', 'pg_dumpall', 'pg_restore', 'psql', 'sync'],
];

const POLL_MS = 20;

/** What a command did, besides what it wrote. */
export interface Deeds {
  /** Programs that ran and are not known. */
  readonly strange: readonly string[];
  /** The memory that the command itself had at most, in MB; undefined if it did not end by itself. */
  readonly peakMb: number | undefined;
}

/** Returns the environment of a command that notes what it does in the file. */
export function noting(file: string): Readonly<Record<string, string>> {
  const url = new URL('../preload/processes.mjs', import.meta.url);
  url.searchParams.set('to', file);
  return { NODE_OPTIONS: `--import=${url.href}` };
}

/** Watches the programs below a process until the work has ended. Returns what ran there. */
export async function deedsDuring(pid: number, file: string, work: Promise<unknown>): Promise<Deeds> {
  const ran = new Set<string>();
  const timer = setInterval(() => {
    for (const program of below(pid)) ran.add(program);
  }, POLL_MS);
  await work.finally(() => {
    clearInterval(timer);
  });
  let peakMb: number | undefined;
  for (const line of textOf(file).trim().split('\n')) {
    const { command, peak } = JSON.parse(line || '{}') as { command?: string[]; peak?: number };
    if (peak !== undefined) peakMb = Math.max(peakMb ?? 0, peak / 1000);
    for (const program of programsOf(command ?? [])) ran.add(program);
  }
  return { strange: [...ran].filter((program) => !KNOWN.includes(basename(program))), peakMb };
}

/** The program of a command line, and the one that setpriv starts for it. */
function programsOf([file, ...args]: readonly string[]): string[] {
  if (file === undefined) return [];
  return file === 'setpriv' ? [file, ...args.slice(args.indexOf('--') + 1).slice(0, 1)] : [file];
}

function below(pid: number): string[] {
  return tasksOf(pid)
    .flatMap((task) => textOf(`/proc/${pid}/task/${task}/children`).split(' '))
    .filter((child) => child !== '')
    .flatMap((child) => [...programOf(child), ...below(Number(child))]);
}

function tasksOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return []; // it has just ended
  }
}

function programOf(pid: string): string[] {
  try {
    return [readlinkSync(`/proc/${pid}/exe`)];
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
