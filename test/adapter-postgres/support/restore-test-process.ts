import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { RestoreTestResult } from '@geolens/backup-core';
import { env, type Place } from './producers.ts';

const run = promisify(execFile);

/** Arguments of `setpriv` that leave what the Compose file leaves to root. */
export const AS_CONTAINER = ['--bounding-set=-all,+dac_read_search,+setuid,+setgid', '--no-new-privs'];

/** Runs a restore test in a process of its own, and returns its result. */
export async function restoreTestInProcess(
  files: { readonly dump: string; readonly globals?: string },
  {
    folder,
    binDir,
    limits,
  }: Pick<Place, 'binDir'> & { readonly folder: string; readonly limits: readonly string[] },
): Promise<RestoreTestResult> {
  const options = JSON.stringify({ folders: [folder], binDir, env, jobs: 2 });
  const script = fileURLToPath(new URL('scripts/restore-test.ts', import.meta.url));
  const paths = [files.dump, ...(files.globals === undefined ? [] : [files.globals])];
  const node = [process.execPath, '--conditions=geolens-source', script, options, ...paths];
  const { stdout } = await run('setpriv', [...limits, '--', ...node], {
    env: { ...process.env, SECRET: 'of the tool' },
  });
  return JSON.parse(stdout.split('\n').find((line) => line.startsWith('{'))!) as RestoreTestResult;
}
