import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { paginateListObjectsV2 } from '@aws-sdk/client-s3';
import type { Installation } from './installation.ts';

/**
 * What lies in a store, read by other means than the software's own: by path below the folder, or key below
 * the prefix.
 */
export type Files = ReadonlyMap<string, Buffer>;

export async function filesOnVolume({ root }: Pick<Installation, 'root'>): Promise<Files> {
  const entries = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  return new Map(
    await Promise.all(
      entries.map(async (entry): Promise<[string, Buffer]> => {
        const path = join(entry.parentPath, entry.name);
        return [relative(root, path), await readFile(path)];
      }),
    ),
  );
}

/** By key and ETag, which is another one for other bytes. */
const seen = new WeakMap<Installation, Map<string, Buffer>>();

export async function filesInBucket(installation: Installation): Promise<Files> {
  const {
    prefix,
    lane: { bucket },
  } = installation;
  const before = seen.get(installation) ?? new Map<string, Buffer>();
  const now = new Map<string, Buffer>();
  const files = new Map<string, Buffer>();
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client: bucket.client },
    { Bucket: bucket.name, Prefix: `${prefix}/` },
  )) {
    await Promise.all(
      Contents.map(async ({ Key, ETag }) => {
        const content = before.get(`${Key} ${ETag}`) ?? (await bucket.get(Key!));
        now.set(`${Key} ${ETag}`, content);
        files.set(Key!.slice(prefix.length + 1), content);
      }),
    );
  }
  seen.set(installation, now);
  return files;
}
