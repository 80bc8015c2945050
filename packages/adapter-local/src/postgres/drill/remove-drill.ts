import { rm } from 'node:fs/promises';
import { BackupError } from '@geolens/backup-core';
import { FlockLock } from '../../lock/flock-lock.ts';
import { lstatIfThere } from '../../lstat-if-there.ts';
import { describeEnd, type ProgramEnvironment } from '../../programs/program.ts';
import type { DrillPaths } from './drill-folder.ts';
import { runKept } from './kept-program.ts';
import { userOf } from './server-user.ts';

/** How long the programs of a drill whose process has died are waited for: they end by themselves. */
const PATIENCE_MS = 8_000;

/** Removes a drill’s folder: what belongs to the server’s user as that user, for root may lack the right to. */
export async function removeDrill(paths: DrillPaths, env: ProgramEnvironment): Promise<void> {
  const data = await lstatIfThere(paths.data);
  if (data !== undefined) {
    const user = userOf(data.uid);
    if (user === undefined) await rm(paths.data, { recursive: true, force: true });
    else {
      const end = await runKept('rm', ['-rf', '--', paths.data], { env, user, alive: paths.alive });
      if (end.code !== 0) throw new BackupError('STORE_FAILED', `${paths.data} could not be removed: ${describeEnd('rm', end)}`);
    }
  }
  await rm(paths.folder, { recursive: true, force: true });
}

/** Resolves when no program of the drill works in its folder any more, or it has been waited for long enough. */
export async function untilStill(paths: DrillPaths, env: ProgramEnvironment): Promise<void> {
  if ((await lstatIfThere(paths.alive)) === undefined) return;
  const lease = await new FlockLock(paths.alive, env).acquire({ command: 'sweep' }, { whenHeld: 'wait', signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => undefined);
  await lease?.release();
}
