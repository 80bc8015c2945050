import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MUTANTS, type Mutant } from './mutants.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const LEFT_OUT = ['.git', '.cache', join('node_modules', '.pnpm')];

/**
 * Plants each fault, or those with one of these words in their titles, into a copy of the workspace, and lets
 * its family find it. Answers the exit code: 0 when all were caught.
 */
export function runMutants(wanted: readonly string[] = []): number {
  const chosen = MUTANTS.filter(
    ({ title }) => wanted.length === 0 || wanted.some((words) => title.includes(words)),
  );
  if (chosen.length === 0) {
    console.error(`no fault has ${wanted.join(' or ')} in its title`);
    return 2;
  }
  const survivors = chosen.filter((mutant) => !isCaught(mutant)).map(({ title }) => title);
  console.log(`${chosen.length - survivors.length} of ${chosen.length} faults were caught`);
  for (const title of survivors) console.log(`NOT CAUGHT: ${title}`);
  return survivors.length === 0 ? 0 : 1;
}

function isCaught({ title, edits, family, kind, count }: Mutant): boolean {
  const copy = mkdtempSync(join(tmpdir(), 'geolens-mutant-'));
  const began = performance.now();
  try {
    cpSync(ROOT, copy, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !LEFT_OUT.includes(relative(ROOT, path)) && !path.includes(`${sep}.git${sep}`),
    });
    symlinkSync(join(ROOT, 'node_modules', '.pnpm'), join(copy, 'node_modules', '.pnpm'));
    for (const { file, text, instead } of edits) plant(join(copy, file), text, instead);
    const build = node(copy, 'node_modules/typescript/bin/tsc', '-b', 'packages/runner');
    if (build.status !== 0) throw new Error(`"${title}" does not compile:\n${build.stdout}`);
    const found = node(
      copy,
      'test/faults/run.ts',
      family,
      ...(kind === undefined ? [] : ['--kind', kind]),
      '--count',
      String(count),
      '--lanes',
      '2',
    );
    const [first] = /(?<=Error\S*: )\w+, .*program \d+ of seed.*/.exec(found.stdout) ?? [];
    const caught = found.status !== 0 && first !== undefined;
    console.log(
      `${caught ? 'caught    ' : 'NOT CAUGHT'} ${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${title}\n           ${first ?? found.stdout.slice(-300)}`,
    );
    return caught;
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function plant(path: string, text: string, instead: string): void {
  const source = readFileSync(path, 'utf8');
  if (source.split(text).length !== 2) throw new Error(`${path} does not have this once: ${text}`);
  writeFileSync(
    path,
    source.replace(text, () => instead),
  );
}

function node(
  cwd: string,
  ...args: readonly string[]
): { readonly status: number | null; readonly stdout: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=geolens-source', ...args], {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1e9,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
  });
  return { status, stdout: stdout + stderr };
}
