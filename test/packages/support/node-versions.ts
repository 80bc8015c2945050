import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { withFileLock } from '../../support/file-lock.ts';
import { runProgram } from '../../support/run-program.ts';
import { ROOT } from './packed.ts';

const INSTALL_SECONDS = 4 * 60;

/**
 * The oldest that `engines` lets in, the newest of the two other lines, and the one that everything else is
 * tested with.
 */
export const NODE_VERSIONS = ['22.12.0', '22.23.3', process.versions.node, '26.10.0'] as const;

/** The program of that version: npm has them as packages, and they are kept below .cache/. */
export async function nodeOf(version: string): Promise<string> {
  if (version === process.versions.node) return process.execPath;
  const folder = join(ROOT, '.cache', 'node', version);
  const program = join(folder, 'node_modules', 'node', 'bin', 'node');
  await mkdir(folder, { recursive: true });
  return withFileLock(`${folder}.lock`, INSTALL_SECONDS, async () => {
    if (!existsSync(program)) {
      const quietly = [
        '--prefer-offline',
        '--no-audit',
        '--no-fund',
        '--no-package-lock',
        '--loglevel=error',
      ];
      await runProgram('npm', ['install', '--prefix', folder, ...quietly, `node@${version}`], {
        timeout: INSTALL_SECONDS * 1000,
      });
    }
    return program;
  });
}
