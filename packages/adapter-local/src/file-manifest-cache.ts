import { createHash } from 'node:crypto';
import {
  MANIFEST_SCHEMA_VERSION,
  type ArtifactKey,
  type CachedManifest,
  type ManifestCache,
} from '@geolens/backup-core';
import { readOwnFile } from '@geolens/backup-system';
import { replaceFile } from './store/replace-file.ts';

/** What the file begins with; another number whenever what follows changes. */
const FORMAT = `geolens-backup manifests 2.${MANIFEST_SCHEMA_VERSION}`;

/** Largest file that is read or written: what is in it is kept in memory. */
const LARGEST_BYTES = 16 * 1024 * 1024;

/** The file of the store's cache. */
export function manifestCacheName(store: string): string {
  return `.geolens-backup.manifests.${store}`;
}

/**
 * A cache in one file, replaced as a whole: a line with its format and the SHA-256 of the rest, and the
 * entries as JSON. A file that is damaged, or of another format, counts as none; one that would be too large is not written.
 */
export class FileManifestCache implements ManifestCache {
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async read(): Promise<ReadonlyMap<ArtifactKey, CachedManifest>> {
    try {
      const file = await readOwnFile(this.path, LARGEST_BYTES);
      const end = file.indexOf('\n');
      const rest = file.subarray(end + 1);
      if (file.toString('utf8', 0, end) !== firstLine(rest)) return new Map();
      return new Map(JSON.parse(rest.toString('utf8')) as [ArtifactKey, CachedManifest][]);
    } catch {
      return new Map(); // the store is asked instead
    }
  }

  async replace(entries: ReadonlyMap<ArtifactKey, CachedManifest>): Promise<void> {
    const rest = JSON.stringify([...entries]);
    if (rest.length > LARGEST_BYTES) return;
    await replaceFile(this.path, `${firstLine(Buffer.from(rest))}\n${rest}`).catch(() => undefined); // a full or read-only volume: the next listing is slower
  }
}

function firstLine(rest: Uint8Array): string {
  return `${FORMAT} ${createHash('sha256').update(rest).digest('hex')}`;
}
