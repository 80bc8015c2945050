import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Folders for one test, removed when it is finished. */
export interface Volume {
  readonly backups: string;
  readonly staging: string;
  /** Names in a tier, sorted; none when there is no such folder. Hidden ones too. */
  files(tier: 'daily' | 'weekly'): Promise<readonly string[]>;
  /**
   * All names below the folder of the sets that are not the lock, the journal, the memory of manifests, a
   * local report, or a folder of a tier.
   */
  everything(): Promise<readonly string[]>;
}

const OWN_FILE = /^\.geolens-backup\.(lock|.*\.json|.*\.report\.txt|manifests\..*)$/s;

/** Makes the folder of the sets, and staging files: a few, with awkward names, one of them large. */
export async function freshVolume(): Promise<Volume> {
  const root = await mkdtemp(join(tmpdir(), 'geolens-backup-test-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const [backups, staging] = [join(root, 'backups'), join(root, 'staging')];
  await mkdir(backups);
  await mkdir(join(staging, 'uploads', 'with space'), { recursive: true });
  await writeFile(join(staging, 'uploads', 'raster.tif'), randomBytes(2_000_000));
  await writeFile(join(staging, 'uploads', 'with space', 'quoted "name".geojson'), '{}');
  await writeFile(join(staging, 'line\nfeed.txt'), 'x', { mode: 0o600 });
  const names = async (folder: string): Promise<readonly string[]> =>
    (await readdir(folder).catch(() => [])).sort();
  return {
    backups,
    staging,
    files: (tier) => names(join(backups, tier)),
    everything: async () => {
      const inRoot = (await names(backups)).filter(
        (name) => name !== 'daily' && name !== 'weekly' && !OWN_FILE.test(name),
      );
      const inTiers = await Promise.all(
        ['daily', 'weekly'].map(async (tier) =>
          (await names(join(backups, tier))).map((name) => `${tier}/${name}`),
        ),
      );
      return [...inRoot, ...inTiers.flat()];
    },
  };
}
