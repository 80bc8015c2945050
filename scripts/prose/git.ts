import { spawnSync } from 'node:child_process';

/** The checks `prose` and `commits` cover what changed since this commit. */
export const BASE = 'bcce5c61b2e11201c7df5f1a13b55a880fa65a30';

/** Returns what git prints. @throws Error with git's own message if it fails. */
export function git(root: string, args: readonly string[], input = ''): Buffer {
  const { status, stdout, stderr, error } = spawnSync('git', args, { cwd: root, input, maxBuffer: 2 ** 30 });
  if (status === 0) return stdout;
  throw new Error(`git ${args[0] ?? ''} failed: ${error?.message ?? stderr.toString().trim()}`);
}

/** @throws Error if the base commit is missing, as in a shallow clone or outside of a Git checkout. */
export function requireBase(root: string, base: string): void {
  try {
    git(root, ['cat-file', '-e', `${base}^{commit}`]);
  } catch (cause) {
    const advice = 'run this check in a Git checkout with the whole history (git fetch --unshallow)';
    throw new Error(`cannot compare with commit ${base}: ${advice}\n${(cause as Error).message}`, { cause });
  }
}

/** Prints the problems and sets the exit code. */
export async function report(check: () => readonly string[] | Promise<readonly string[]>): Promise<void> {
  try {
    const problems = await check();
    if (problems.length === 0) return;
    console.error(problems.join('\n'));
  } catch (error) {
    console.error((error as Error).message);
  }
  process.exitCode = 1;
}
