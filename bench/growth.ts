import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Arguments } from './arguments.ts';
import { runContest } from './contest.ts';
import { ensureRclone } from './documented.ts';
import type { Contest } from './results.ts';
import { S3Space } from './s3-space.ts';
import { say } from './say.ts';
import { binDirsOf, withYardstick } from './servers.ts';
import { fillStaging, fillWithSmallFiles } from './yardstick.ts';

const MB_OF_A_GB = { databaseMb: 930, stagingMb: 1100 };
const BESIDE_SMALL_FILES_MB = 60;

/**
 * Whole runs on larger databases with as many more files, and on very many small files; on the newest server
 * asked for.
 */
export async function measureGrowth(settings: Arguments, folder: string): Promise<readonly Contest[]> {
  if (settings.s3 && settings.documented) ensureRclone();
  const [binDir] = await binDirsOf([Math.max(...settings.servers)]);
  const space = settings.s3 ? new S3Space() : undefined;
  const staging = join(folder, 'staging');
  const contest = async (databaseMb: number, stagingMb: number, smallFiles?: number): Promise<Contest> => {
    try {
      return await withYardstick(binDir, databaseMb, (cluster) =>
        runContest({
          ...settings,
          databaseMb,
          stagingMb,
          ...(smallFiles !== undefined && { smallFiles }),
          cluster,
          staging,
          folder,
          space,
        }),
      );
    } finally {
      rmSync(staging, { recursive: true, force: true });
      await space?.close();
    }
  };
  const contests: Contest[] = [];
  for (const size of settings.sizes) {
    const [databaseMb, stagingMb] = [size * MB_OF_A_GB.databaseMb, size * MB_OF_A_GB.stagingMb];
    say(`making ${stagingMb} MB of files`);
    fillStaging(staging, stagingMb);
    contests.push(await contest(databaseMb, stagingMb));
  }
  if (settings.files > 0) {
    say(`making ${settings.files} small files`);
    fillWithSmallFiles(staging, settings.files);
    contests.push(await contest(BESIDE_SMALL_FILES_MB, 0, settings.files));
  }
  return contests;
}
