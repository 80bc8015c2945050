import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { artifactKey } from '@geolens/backup-core';
import { chunksOf } from '@geolens/backup-core/testing';
import { LocalStore } from '../../src/store/local-store.ts';
import { failure } from '../../../system/test/support/failure.ts';
import { filesBelow, freshFolder } from '../../../system/test/support/folders.ts';

/** Which artifacts cannot be removed while folders cannot be flushed; undefined while the disk works. */
const disk = vi.hoisted(() => ({ keeps: undefined as RegExp | undefined, folder: '' }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const failing = (): Promise<never> =>
    Promise.reject(Object.assign(new Error('EIO: i/o error'), { code: 'EIO', syscall: 'fsync' }));
  return {
    ...real,
    open: (path: string, ...rest: [string]) =>
      disk.keeps !== undefined && path === disk.folder ? failing() : real.open(path, ...rest),
    rm: (path: string, options: object) =>
      disk.keeps?.test(path) === true ? failing() : real.rm(path, options),
  };
});

const KEYS = [
  'globals-20260101_020000.sql',
  'geolens_20260101_020000.dump',
  'manifest-20260101_020000.json',
].map((name) => artifactKey('daily', name));

async function published(
  keeps: RegExp,
  code: 'STORE_FAILED' | 'NOT_CONFIRMED',
): Promise<{ root: string; store: LocalStore }> {
  const root = await freshFolder();
  const store = new LocalStore({ root });
  const drafts = [];
  for (const key of KEYS) drafts.push(await store.draft(key, chunksOf(key)));
  [disk.keeps, disk.folder] = [keeps, join(root, 'daily')];
  const error = await failure(code, store.publish(drafts));
  for (const draft of drafts) await draft.discard();
  disk.keeps = undefined;
  expect(error.message).toContain('EIO');
  return { root, store };
}

afterEach(() => {
  disk.keeps = undefined;
});

describe('a disk that does not confirm the names of a set', () => {
  it('has none of them, when it lets them be taken back', async () => {
    const { root } = await published(/nothing/, 'STORE_FAILED');
    expect(await filesBelow(root)).toEqual([]);
  });

  it('has all of them, and says NOT_CONFIRMED, when it does not let the manifest be taken back', async () => {
    const { root, store } = await published(/manifest/, 'NOT_CONFIRMED');
    expect(await store.cleanUp()).toEqual([]);
    expect(await filesBelow(root)).toEqual([...KEYS].sort());
  });

  it('has some of them until the next clean-up, when it stops in the middle', async () => {
    const { root, store } = await published(/\.dump$/, 'STORE_FAILED');
    expect((await filesBelow(root)).filter((path) => path.startsWith('daily/'))).toEqual(
      KEYS.slice(0, 2).sort(),
    );
    expect([...(await store.cleanUp())].sort()).toEqual(KEYS.slice(0, 2).sort());
    expect(await filesBelow(root)).toEqual([]);
  });
});
