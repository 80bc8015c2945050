import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT, type PackageName } from './packed.ts';

/**
 * The program in the README of a package, and what it says that it prints: the comments that begin with an
 * arrow.
 */
export async function readmeExample(
  name: PackageName,
): Promise<{ readonly program: string; readonly prints: string }> {
  const readme = await readFile(join(ROOT, 'packages', name, 'README.md'), 'utf8');
  const program = /^```ts\n(.*?)^```$/ms.exec(readme)?.[1] ?? '';
  return {
    program,
    prints: [...program.matchAll(/^\/\/ → (.*)$/gm)].map(([, line]) => `${line}\n`).join(''),
  };
}
