import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tier } from '@geolens/backup-core';
import type { TestBucket } from '../../support/buckets.ts';

/** An artifact that was read from its first to its last byte. */
export interface ReadArtifact {
  readonly bytes: number;
  readonly sha256: string;
  readonly content: () => Promise<Buffer>;
}

/** What lies in a place at a moment, read by other means than the software's own. */
export interface Shelf {
  /** Undefined where there is no such artifact. */
  artifact(tier: Tier, name: string): Promise<ReadArtifact | undefined>;
}

/** Where sets lie. */
export interface Place {
  readonly store: string;
  readonly inspect: () => Promise<Shelf>;
}

export function placeOnVolume(root: string): Place {
  const artifact: Shelf['artifact'] = async (tier, name) => {
    const path = join(root, tier, name);
    return existsSync(path) ? readOf(await readFile(path)) : undefined;
  };
  return { store: 'local', inspect: () => Promise.resolve({ artifact }) };
}

/**
 * In a bucket, what was read once is read again when the store says that it is another: the sets of some
 * hundred programs stay there, and each program looks at all of them.
 */
export function placeInBucket(bucket: TestBucket, prefix = 'backups'): Place {
  const known = new Map<string, { readonly version: string; readonly read: ReadArtifact }>();
  const get = (key: string): Promise<Buffer | undefined> =>
    bucket.get(key).catch((error: unknown) => {
      if ((error as Error).name === 'NoSuchKey') return undefined;
      throw error;
    });
  const inspect = async (): Promise<Shelf> => {
    const versions = await bucket.versions(`${prefix}/`);
    return {
      artifact: async (tier, name) => {
        const key = `${prefix}/${tier}/${name}`;
        const version = versions.get(key);
        if (version === undefined) return undefined;
        const before = known.get(key);
        if (before?.version === version) return before.read;
        const content = await get(key);
        if (content === undefined) return undefined;
        const { bytes, sha256 } = readOf(content);
        const small = content.length < 65_536 ? content : undefined;
        const read = { bytes, sha256, content: async () => small ?? (await bucket.get(key)) };
        known.set(key, { version, read });
        return read;
      },
    };
  };
  return { store: 's3', inspect };
}

function readOf(content: Buffer): ReadArtifact {
  return {
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    content: () => Promise.resolve(content),
  };
}
