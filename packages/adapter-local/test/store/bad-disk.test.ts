import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { artifactKey } from '@geolens/backup-core';
import { chunksOf } from '@geolens/backup-core/testing';
import { LocalStore } from '../../src/store/local-store.ts';
import { intentName } from '../../src/store/temporary-names.ts';
import { failure } from '../../../system/test/support/failure.ts';
import { filesBelow, freshFolder } from '../../../system/test/support/folders.ts';

const disk = vi.hoisted(() => ({ error: undefined as string | undefined }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const lstat = (path: string): unknown =>
    disk.error === undefined
      ? real.lstat(path)
      : Promise.reject(
          Object.assign(new Error(`${disk.error}: lstat`), { code: disk.error, syscall: 'lstat' }),
        );
  return { ...real, lstat };
});

afterEach(() => {
  disk.error = undefined;
});

const KEYS = [
  'globals-20260101_020000.sql',
  'geolens_20260101_020000.dump',
  'manifest-20260101_020000.json',
].map((name) => artifactKey('daily', name));

describe.each(['EIO', 'ESTALE', 'EACCES'])('a disk that answers %s when it is asked for a file', (code) => {
  it('does not make the clean-up take a published set for one published by halves', async () => {
    const root = await freshFolder();
    await mkdir(join(root, 'daily'));
    for (const key of KEYS) await writeFile(join(root, key), key);
    await writeFile(join(root, intentName()), JSON.stringify(KEYS));
    const store = new LocalStore({ root });
    disk.error = code;
    await expect(store.cleanUp()).rejects.toMatchObject({ name: 'BackupError' });
    disk.error = undefined;
    expect(await store.cleanUp()).toEqual([]);
    expect(await filesBelow(root)).toEqual([...KEYS].sort());
  });

  it('does not make a publication replace what is there', async () => {
    const root = await freshFolder();
    const store = new LocalStore({ root });
    await store.publish([await store.draft(KEYS[1]!, chunksOf('the former'))]);
    const draft = await store.draft(KEYS[1]!, chunksOf('the latter'));
    disk.error = code;
    await expect(store.publish([draft])).rejects.toMatchObject({ name: 'BackupError' });
    disk.error = undefined;
    await draft.discard();
    await failure('ARTIFACT_EXISTS', store.publish([draft]));
    expect(await readFile(join(root, KEYS[1]!), 'utf8')).toBe('the former');
  });
});
