import { EXIT } from '../../../packages/runner/src/exit-code.ts';
import { tracesIn } from '../../cli/support/secrets.ts';
import type { CliEnd } from '../../support/cli.ts';

const LONGEST_MS = 60_000;

const DOCUMENTED: readonly number[] = Object.values(EXIT);

const CRASHES =
  /.*(TypeError|RangeError|ReferenceError|Maximum call stack|undefined is not|is not a function|is not iterable|Cannot read properties|\[object Object\]|\bInvalid (Date|time value)|Unhandled|^\s+at \S.*:\d+:\d+\)?$).*/m;

/** A line of the log that says what is wrong, in either form of it; or what comes before there is a log. */
const TROUBLE = /^\S+ (ERROR|WARN ) \S|"level":"(error|warn)"|^geolens-backup: \S|^error: \S/m;

/** Commands that answer on stdout, also when the answer is that something is wrong. */
const ANSWERS = ['doctor', 'health'];

/** What a program says that was not meant for people. */
export function crashIn({ stdout, stderr }: Pick<CliEnd, 'stdout' | 'stderr'>): string | undefined {
  return (CRASHES.exec(stderr)?.[0] ?? CRASHES.exec(stdout)?.[0])?.trim();
}

/**
 * What speaks against the way in which a command ended, whatever it was given; undefined when nothing does.
 */
export function unsoundness(args: readonly string[], end: CliEnd): string | undefined {
  const { code, signal, stdout, stderr, milliseconds } = end;
  if (code === null) return `was ended by ${signal ?? '?'}`;
  if (!DOCUMENTED.includes(code)) return `exits with ${code}, which is not documented`;
  const crash = crashIn(end);
  if (crash !== undefined) return `exits with ${code} and crashes: ${crash}`;
  const said = ANSWERS.includes(args[0]!)
    ? stdout.trim() !== '' || TROUBLE.test(stderr)
    : TROUBLE.test(stderr);
  if (code !== 0 && !said) return `exits with ${code} and does not say what is wrong`;
  if (milliseconds > LONGEST_MS) return `takes ${Math.round(milliseconds / 1000)} s`;
  const traces = tracesIn(stdout + stderr);
  return traces.length === 0 ? undefined : `tells a secret: ${traces.join(', ')}`;
}

/** Throws when a command did not end as one has to, whatever it was given. */
export function hasToBeSound(args: readonly string[], end: CliEnd): CliEnd {
  const problem = unsoundness(args, end);
  if (problem === undefined) return end;
  throw new Error(
    `${args.join(' ')} ${problem}\nstdout: ${end.stdout.slice(0, 2000)}\nstderr: ${end.stderr.slice(-4000)}`,
  );
}
