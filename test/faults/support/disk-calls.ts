import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Operator } from '../../support/operator.ts';

/** What happens at the Nth change that the command makes to a disk, counted from 1. */
export interface DiskFault {
  readonly at: number;
  /** `kill`, or the name of an error, such as ENOSPC. */
  readonly do: string;
  /** How many changes from there on fail; default 1. */
  readonly times?: number;
  /** Only changes by this call count; default: all do. */
  readonly only?: string;
}

/** The environment of a command that meets with it. */
export function meeting(fault: DiskFault): Readonly<Record<string, string>> {
  const { at, times = 1, only } = fault;
  return preloaded({
    at: String(at),
    do: fault.do,
    times: String(times),
    ...(only !== undefined && { only }),
  });
}

/** How many changes the command makes to disks. */
export async function countDiskCalls(
  operator: Operator,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'geolens-count-'));
  try {
    const to = join(folder, 'count');
    const end = await operator.backup(args, { env: { ...env, ...preloaded({ do: 'count', to }) } });
    if (end.code !== 0)
      throw new Error(`${args.join(' ')} ended with ${end.code ?? end.signal ?? '?'}: ${end.stderr}`);
    return Number(await readFile(to, 'utf8'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

function preloaded(query: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const url = new URL('preload/disk-calls.ts', import.meta.url);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return { NODE_OPTIONS: `--import=${url.href}` };
}
