import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { withFileLock } from '../../support/file-lock.ts';
import { runProgram } from '../../support/run-program.ts';
import { packAll } from './packed.ts';

const INSTALL_SECONDS = 4 * 60;

/**
 * A folder outside of the workspace in which all packages are installed from their tarballs, as anybody would
 * have them: nothing of the workspace is found from there. The first test that asks makes it, the others
 * wait; it goes when all tests have ended.
 */
export async function installedPackages(): Promise<string> {
  const folder = inject('packagesFolder');
  await mkdir(folder, { recursive: true });
  return withFileLock(`${folder}/lock`, INSTALL_SECONDS, async () => {
    const complete = join(folder, 'complete');
    if (existsSync(complete)) return folder;
    const tarballs = await packAll(join(folder, 'tarballs'));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    const paths = Object.values(tarballs).map(({ path }) => path);
    await runProgram(
      'npm',
      [
        'install',
        '--prefix',
        folder,
        '--prefer-offline',
        '--no-audit',
        '--no-fund',
        '--loglevel=error',
        ...paths,
      ],
      { timeout: INSTALL_SECONDS * 1000 },
    );
    await writeFile(complete, '');
    return folder;
  });
}
