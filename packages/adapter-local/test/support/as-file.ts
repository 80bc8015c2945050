import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactSource } from '@geolens/backup-core';
import { sourceOf } from '@geolens/backup-core/testing';
import { freshFolder } from '../../../system/test/support/folders.ts';

/**
 * Bytes as a source that is a file, which programs read by themselves. Its name is one that tar alone would
 * take for another machine's.
 */
export async function asFile(content: Uint8Array): Promise<ArtifactSource> {
  const path = join(await freshFolder(), 'host:an archive');
  await writeFile(path, content);
  return { ...sourceOf(content), path };
}
