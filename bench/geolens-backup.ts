import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Cluster } from '../test/support/cluster.ts';
import type { CommandLine } from './measure.ts';
import type { Bucket } from './s3-client.ts';

const BIN = fileURLToPath(new URL('../packages/runner/bin/geolens-backup.js', import.meta.url));

/**
 * The flags of Node in the command's own first line; the command is started by its path here, to be sure of
 * the version of Node.
 */
const FLAGS = readFileSync(BIN, 'utf8')
  .replace(/^#!.*?\bnode\b(.*)[^]*/, '$1')
  .split(' ')
  .filter(Boolean);

export interface Place {
  readonly cluster: Pick<Cluster, 'binDir' | 'url'>;
  readonly backups: string;
  readonly staging?: string | undefined;
  readonly bucket?: Bucket | undefined;
}

/**
 * The built command as the image runs it (one arena of glibc's malloc), with nothing of this process's
 * environment but the search path.
 */
export function geolensBackup(args: readonly string[], env: Readonly<Record<string, string>>): CommandLine {
  return {
    file: process.execPath,
    args: [...FLAGS, BIN, ...args],
    env: { PATH: process.env['PATH'], MALLOC_ARENA_MAX: '1', ...env },
  };
}

export function settingsFor({ cluster, backups, staging, bucket }: Place): Record<string, string> {
  return {
    DATABASE_URL: cluster.url('geolens'),
    BACKUP_PG_BIN_DIR: cluster.binDir,
    BACKUP_DIR: backups,
    STAGING_DIR: staging ?? `${backups}/no-staging`,
    ...(bucket && {
      BACKUP_S3_ENABLED: 'true',
      S3_ENDPOINT: bucket.endpoint,
      S3_BUCKET: bucket.name,
      S3_ACCESS_KEY_ID: bucket.accessKeyId,
      S3_SECRET_ACCESS_KEY: bucket.secretAccessKey,
    }),
  };
}
