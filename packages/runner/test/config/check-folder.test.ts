import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { checkFolder } from '../../src/config/check-folder.ts';
import { readConfig } from '../../src/config/config.ts';

async function folders(backups: string, staging: string): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'geolens-backup-folders-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await mkdir(join(root, backups), { recursive: true });
  await mkdir(join(root, staging), { recursive: true });
  await checkFolder(readConfig({ BACKUP_DIR: join(root, backups), STAGING_DIR: join(root, staging) }));
}

it.each([
  ['staging/sets', 'staging'],
  ['staging', 'staging'],
  ['staging/..sets', 'staging'],
])(
  'sets in %s are refused beside files in %s: each archive would hold all sets before it',
  async (backups, staging) => {
    await expect(folders(backups, staging)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  },
);

it.each([
  ['sets', 'staging'],
  ['staging-sets', 'staging'],
  ['sets', 'sets/uploads'],
])('sets in %s are fine beside files in %s', async (backups, staging) => {
  await folders(backups, staging);
});
