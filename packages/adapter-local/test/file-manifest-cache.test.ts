import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { chmod, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  artifactKey,
  parseTimestamp,
  type ArtifactKey,
  type CachedManifest,
  type Manifest,
} from '@geolens/backup-core';
import { FileManifestCache, manifestCacheName } from '../src/file-manifest-cache.ts';
import { freshFolder } from '../../system/test/support/folders.ts';

const KEY = artifactKey('daily', 'manifest-20260101_020000.json');
const state = { tag: '"def"', content: { timestamp: parseTimestamp('20260101_020000')!, checks: {} } };
const entry = { tag: '"abc"', manifest: { database: 'Katalog ä' } as unknown as Manifest, state };
const entries = new Map<ArtifactKey, CachedManifest>([[KEY, entry]]);

/** As versions without state files wrote it. */
const ofBefore = `geolens-backup manifests 1.1 ${createHash('sha256').update('[[]]').digest('hex')}\n[[]]`;

async function filled(): Promise<string> {
  const path = join(await freshFolder(), manifestCacheName('s3'));
  await new FileManifestCache(path).replace(entries);
  return path;
}

describe('the cache of manifests', () => {
  it('is empty at first', async () => {
    expect(await new FileManifestCache(join(await freshFolder(), 'none')).read()).toEqual(new Map());
  });

  it('is empty if a pipe or a link is in its place', async () => {
    const folder = await freshFolder();
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await symlink(await filled(), join(folder, 'link'));
    for (const name of ['pipe', 'link'])
      expect(await new FileManifestCache(join(folder, name)).read()).toEqual(new Map());
  });

  it('gives back what was remembered, to other instances too', async () => {
    expect(await new FileManifestCache(await filled()).read()).toEqual(entries);
  });

  it('can be read by its owner alone', async () => {
    expect((await stat(await filled())).mode & 0o777).toBe(0o600);
  });

  it('is none when one bit of it is another, wherever', async () => {
    const path = await filled();
    const whole = await readFile(path);
    for (let byte = 0; byte < whole.length; byte += 1) {
      const damaged = Buffer.from(whole);
      damaged[byte]! ^= 1;
      await writeFile(path, damaged);
      expect((await new FileManifestCache(path).read()).size).toBe(0);
    }
  });

  it.each(['', '\n', '{', 'geolens-backup manifests 0 abc\n[]', ofBefore])(
    'is none when the file says %j',
    async (text) => {
      const path = await filled();
      await writeFile(path, text);
      expect((await new FileManifestCache(path).read()).size).toBe(0);
    },
  );

  it('minds no folder that it cannot write to', async () => {
    const folder = await freshFolder();
    await chmod(folder, 0o500);
    await expect(
      new FileManifestCache(join(folder, 'missing', 'cache')).replace(entries),
    ).resolves.toBeUndefined();
  });
});
