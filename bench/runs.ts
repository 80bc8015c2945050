import { join } from 'node:path';
import type { Arguments } from './arguments.ts';
import { runContest } from './contest.ts';
import { ensureRclone } from './documented.ts';
import type { Contest } from './results.ts';
import { S3Space } from './s3-space.ts';
import { say } from './say.ts';
import { binDirsOf, withYardstick } from './servers.ts';
import { fillStaging } from './yardstick.ts';

/** A whole run beside the documented way and the floor, on each server. */
export async function measureRuns(settings: Arguments, folder: string): Promise<readonly Contest[]> {
  if (settings.s3) ensureRclone();
  const space = settings.s3 ? new S3Space() : undefined;
  const staging = join(folder, 'staging');
  say(`making ${settings.stagingMb} MB of files`);
  fillStaging(staging, settings.stagingMb);
  const contests: Contest[] = [];
  try {
    for (const binDir of await binDirsOf(settings.servers)) {
      contests.push(
        await withYardstick(binDir, settings.databaseMb, (cluster) =>
          runContest({ ...settings, documented: true, cluster, staging, folder, space }),
        ),
      );
    }
  } finally {
    await space?.close();
  }
  return contests;
}
