import { parseArgs } from 'node:util';

export const USAGE = `usage: npm run bench [-- options]
  (nothing)                 a whole run beside the documented way and the floor
  --restore                 restoring beside pg_restore
  --growth                  larger databases, many small files, many sets
  --idle                    starting, and doing nothing
  --database-mb 930 --staging-mb 1100 --runs 3 --servers 15,17 --no-s3
  --drill                   with a restore test of each set
  --at 2026-11-22T02:00:00Z the moment of the runs; the last Sunday when absent
  --sizes 1,4,8 --files 1000000 --sets 1000,10000 --documented    of --growth; 0 leaves one of them out
  --window 60               seconds of idleness before and while --idle looks
  --json                    all raw numbers
  --write                   puts them into bench/results.json, and all of that into docs/performance.md and its plots
  --render                  measures nothing, writes the document anew`;

export type Part = 'runs' | 'restore' | 'growth' | 'idle' | 'render' | 'help';

export interface Arguments {
  readonly part: Part;
  readonly databaseMb: number;
  readonly stagingMb: number;
  readonly runs: number;
  /** Major versions of PostgreSQL. */
  readonly servers: readonly number[];
  readonly s3: boolean;
  readonly drill: boolean;
  readonly at: string | undefined;
  /** Sizes of databases in GB. */
  readonly sizes: readonly number[];
  readonly files: number;
  readonly sets: readonly number[];
  readonly documented: boolean;
  readonly windowSeconds: number;
  readonly json: boolean;
  readonly write: boolean;
}

/** @throws TypeError when there is something in them that is not known */
export function readArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      restore: { type: 'boolean', default: false },
      growth: { type: 'boolean', default: false },
      idle: { type: 'boolean', default: false },
      render: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      'database-mb': { type: 'string', default: '930' },
      'staging-mb': { type: 'string', default: '1100' },
      runs: { type: 'string', default: '3' },
      servers: { type: 'string', default: '15,17' },
      s3: { type: 'boolean', default: true },
      drill: { type: 'boolean', default: false },
      at: { type: 'string' },
      sizes: { type: 'string', default: '1,4,8' },
      files: { type: 'string', default: '1000000' },
      sets: { type: 'string', default: '1000,10000' },
      documented: { type: 'boolean', default: false },
      window: { type: 'string', default: '60' },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  });
  const parts = (['restore', 'growth', 'idle', 'render', 'help'] as const).filter((part) => values[part]);
  if (parts.length > 1)
    throw new TypeError(`one of them at a time: ${parts.map((part) => `--${part}`).join(', ')}`);
  return {
    part: parts[0] ?? 'runs',
    databaseMb: number('database-mb', values['database-mb']),
    stagingMb: number('staging-mb', values['staging-mb']),
    runs: Math.max(1, number('runs', values.runs)),
    servers: list('servers', values.servers),
    s3: values.s3,
    drill: values.drill,
    at: values.at,
    sizes: list('sizes', values.sizes),
    files: number('files', values.files),
    sets: list('sets', values.sets),
    documented: values.documented,
    windowSeconds: number('window', values.window),
    json: values.json,
    write: values.write,
  };
}

/** Numbers parted by commas, without noughts. */
function list(name: string, text: string): readonly number[] {
  return text
    .split(',')
    .map((part) => number(name, part))
    .filter((value) => value > 0);
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new TypeError(`--${name}: ${text} is no number`);
  return value;
}
