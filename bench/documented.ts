import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Place } from './geolens-backup.ts';
import { measure } from './measure.ts';
import { finishedFiles } from './ours.ts';
import type { Sample } from './results.ts';
import { say } from './say.ts';

const SCRIPT = fileURLToPath(new URL('documented.sh', import.meta.url));

/** The documented way of GeoLens: see the script. */
export async function measureBaselineScript({ cluster, backups, staging, bucket }: Place): Promise<Sample> {
  const env = {
    PATH: process.env['PATH'],
    PG_BIN: cluster.binDir,
    DATABASE_URL: cluster.url('geolens'),
    BACKUP_DIR: backups,
    STAGING_DIR: staging,
    ...(bucket && {
      BUCKET: bucket.name,
      RCLONE_CONFIG: '/dev/null',
      RCLONE_S3_NO_CHECK_BUCKET: 'true',
      RCLONE_CONFIG_BENCH_TYPE: 's3',
      RCLONE_CONFIG_BENCH_PROVIDER: 'Ceph',
      RCLONE_CONFIG_BENCH_ENDPOINT: bucket.endpoint,
      RCLONE_CONFIG_BENCH_ACCESS_KEY_ID: bucket.accessKeyId,
      RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY: bucket.secretAccessKey,
    }),
  };
  const { measured } = await measure({ file: SCRIPT, args: [], env });
  return { ...measured, bytes: finishedFiles(backups).reduce((sum, file) => sum + statSync(file).size, 0) };
}

/** The documented way needs a client for S3 of its own: root gets Debian's rclone, others are told. */
export function ensureRclone(): void {
  const there = (): boolean => spawnSync('rclone', ['version'], { stdio: 'ignore' }).status === 0;
  if (there()) return;
  if (process.getuid?.() === 0) {
    say('installing: rclone, which the documented way uploads with');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['-q', 'update'], { env, stdio: 'ignore' });
    spawnSync('apt-get', ['-q', 'install', '-y', '--no-install-recommends', 'rclone'], {
      env,
      stdio: 'ignore',
    });
    if (there()) return;
  }
  throw new Error(
    'rclone is missing, which the documented way uploads with: sudo apt-get install rclone; or measure without S3: --no-s3',
  );
}
