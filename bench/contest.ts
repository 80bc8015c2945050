import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from '../test/support/cluster.ts';
import type { Arguments } from './arguments.ts';
import { measureBaselineScript } from './documented.ts';
import { measureAllAtOnce, measureFloor } from './floor.ts';
import { measureOurs } from './ours.ts';
import type { Contest, Contestant, Sample } from './results.ts';
import { fitsIntoMemory, type S3Space } from './s3-space.ts';
import { say } from './say.ts';
import { onASunday } from './sunday.ts';

export interface ContestSettings
  extends Pick<Arguments, 'databaseMb' | 'stagingMb' | 'runs' | 'drill' | 'at' | 'documented'> {
  readonly cluster: Cluster;
  readonly staging: string;
  /** How many files there are in the staging folder, where it is their number that counts. */
  readonly smallFiles?: number;
  /** Where everything is made. */
  readonly folder: string;
  /** None: no copies on S3. */
  readonly space: S3Space | undefined;
}

/** Daily and weekly: the documented way uploads everything for each. */
const TIERS = 2;

/** Rounds of a whole run: ours, the documented way, the floor, one after the other. */
export async function runContest(settings: ContestSettings): Promise<Contest> {
  const { cluster, staging, smallFiles, databaseMb, stagingMb, space, documented, runs } = settings;
  const ourFolder = join(settings.folder, 'ours');
  const theirFolder = join(settings.folder, 'documented');
  const samples: Partial<Record<Contestant, Sample[]>> = {};
  const note = (who: Contestant, sample: Sample): void => {
    (samples[who] ??= []).push(sample);
    say(`PostgreSQL ${cluster.major}, ${who}: ${sample.seconds.toFixed(1)} s`);
  };
  /** A little more than a set takes. */
  const setBytes = (databaseMb * 0.42 + stagingMb * 0.95 + (smallFiles ?? 0) / 1000 + 20) * 1e6;
  const bucket = (sets: number) => space?.bucket(setBytes * sets);
  const env = { ...onASunday(settings.at), ...(settings.drill && { BACKUP_VERIFY: 'restore' }) };
  const fits = space === undefined || fitsIntoMemory(setBytes * TIERS);
  if (documented && !fits)
    say(
      'the documented way is left out: what it uploads, all of it twice, does not fit into the memory of this machine',
    );
  let compression = '';
  for (let round = 0; round < runs; round += 1) {
    await settle(cluster, ourFolder);
    const ours = await measureOurs({ cluster, staging, backups: ourFolder, bucket: await bucket(1) }, env);
    ({ compression } = ours);
    note('ours', ours.sample);
    if (documented && fits) {
      await settle(cluster, theirFolder);
      note(
        'documented',
        await measureBaselineScript({ cluster, staging, backups: theirFolder, bucket: await bucket(TIERS) }),
      );
      rmSync(theirFolder, { recursive: true });
    }
    const place = { cluster, staging, backups: ourFolder, major: cluster.major, compression };
    spawnSync('sync');
    note('floor', await measureFloor({ ...place, bucket: await bucket(1) }));
    if (space !== undefined)
      note('floor, all at once', await measureAllAtOnce({ ...place, bucket: await bucket(1) }));
  }
  rmSync(ourFolder, { recursive: true });
  return {
    server: cluster.major,
    databaseMb,
    stagingMb,
    ...(smallFiles !== undefined && { smallFiles }),
    s3: space !== undefined,
    compression,
    samples,
  };
}

/** An empty folder, and nothing that the disk has still to write for another process. */
export async function settle(cluster: Cluster, folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await cluster.psql('postgres', 'CHECKPOINT');
  spawnSync('sync');
}
