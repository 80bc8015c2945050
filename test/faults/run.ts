import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../../packages/runner/src/present/table.ts';
import { PLAN_VARIABLE } from './support/plan.ts';
import { runMutants } from './mutants/run-mutants.ts';

/*
 * npm run test:faults -- [families] [--kind NAME] [--count N] [--seed N] [--from N] [--lanes N] [--minutes N]
 * npm run test:faults -- --mutants [part of a title]
 *
 * Without a count: the short form, as in all tests. A count is that of the programs of each family, or of the
 * one kind that is named; after so many minutes no kind begins another one.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kind: { type: 'string' },
    count: { type: 'string' },
    seed: { type: 'string' },
    from: { type: 'string' },
    lanes: { type: 'string' },
    minutes: { type: 'string' },
    mutants: { type: 'boolean', default: false },
  },
});

if (values.mutants) process.exit(runMutants(positionals));

const families = [
  ...new Set(
    readdirSync(import.meta.dirname)
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => name.replace(/[-.].*/, '')),
  ),
];
const unknown = positionals.filter((name) => !families.includes(name));
if (unknown.length > 0) fail(`there is no family ${unknown.join(', ')}; there are ${families.join(', ')}`);

const folder = mkdtempSync(join(tmpdir(), 'geolens-faults-'));
const report = join(folder, 'report');
const number = (name: 'count' | 'seed' | 'from' | 'lanes' | 'minutes'): number | undefined => {
  const text = values[name];
  if (text === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(text)) fail(`--${name} ${text} is not a whole number of at least 1`);
  return Number(text);
};
const plan = {
  kind: values.kind,
  count: number('count'),
  seed: number('seed'),
  from: number('from'),
  lanes: number('lanes') ?? 2,
  minutes: number('minutes'),
  report,
};
const files = (positionals.length === 0 ? families : positionals).map((family) => `test/faults/${family}`);
const { status } = spawnSync(
  process.execPath,
  [
    '--conditions=geolens-source',
    'node_modules/vitest/vitest.mjs',
    'run',
    '--project',
    'integration',
    ...files,
  ],
  { stdio: 'inherit', env: { ...process.env, [PLAN_VARIABLE]: JSON.stringify(plan) } },
);
const lines = readLines();
tell(lines);
rmSync(folder, { recursive: true });
if (values.kind !== undefined && status === 0 && lines.length === 0)
  fail(`no family that was asked for has the kind "${values.kind}"`);
process.exitCode = status ?? 1;

interface Line {
  readonly family: string;
  readonly kind: string;
  readonly programs: number;
  readonly seed: number;
  readonly seconds: number;
  readonly hits: Readonly<Record<string, number>>;
}

/** What was done, a line for each kind, and what each hit. */
function tell(lines: readonly Line[]): void {
  const columns = [
    { title: 'FAMILY' },
    { title: 'KIND' },
    { title: 'PROGRAMS', align: 'right' },
    { title: 'SEED', align: 'right' },
    { title: 'MINUTES', align: 'right' },
  ] as const;
  console.log(
    table(
      columns,
      lines.map(({ family, kind, programs, seed, seconds }) => [
        family,
        kind,
        String(programs),
        String(seed),
        (seconds / 60).toFixed(1),
      ]),
    ),
  );
  for (const { family, kind, hits } of lines)
    console.log(
      `${family}, ${kind}: ${Object.entries(hits)
        .sort(([, one], [, other]) => other - one)
        .map(([hit, times]) => `${times} × ${hit}`)
        .join('; ')}`,
    );
}

function readLines(): readonly Line[] {
  try {
    return readFileSync(report, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
      .sort((one, other) => one.family.localeCompare(other.family));
  } catch {
    return []; // nothing was whole
  }
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
