import { stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { primaryStoreContract, readAll, sourceOf } from '@geolens/backup-core/testing';
import { LocalStore } from '../../src/store/local-store.ts';
import { failure } from '../../../system/test/support/failure.ts';
import { filesBelow, freshFolder, freshMount, mayMount } from '../../../system/test/support/folders.ts';

/** `spoils`: what lies on the disk is not what was written to the weekly copy. */
const answer = vi.hoisted(() => ({ code: 'EPERM', spoils: undefined as string | undefined }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const open = async (path: string, flags: string, mode?: number): Promise<FileHandle> => {
    const handle = await real.open(path, flags, mode);
    if (flags !== 'wx' || answer.spoils === undefined || !path.includes('/weekly/')) return handle;
    const { spoils } = answer;
    return Object.assign(handle, { sync: () => real.writeFile(path, spoils) });
  };
  const link = (): Promise<never> =>
    Promise.reject(Object.assign(new Error(`${answer.code}: link`), { code: answer.code, syscall: 'link' }));
  return { ...real, open, link };
});

const DAILY = 'daily/geolens_20260104_020000.dump';
const WEEKLY = 'weekly/geolens_20260104_020000.dump';

describe('the local store on a volume without hard links', () => {
  const contract = primaryStoreContract(async () => new LocalStore({ root: await freshFolder() }));
  for (const { title, check } of contract) it(title, check);

  it.each(['EPERM', 'EXDEV', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])(
    'copies the bytes after %s, into a file of its own, 0600',
    async (code) => {
      answer.code = code;
      const root = await freshFolder();
      const store = new LocalStore({ root });
      await store.put(DAILY, sourceOf('the dump'));
      await store.copy(DAILY, WEEKLY);
      const copied = await stat(join(root, WEEKLY));
      expect(copied.ino).not.toBe((await stat(join(root, DAILY))).ino);
      expect(copied.mode & 0o777).toBe(0o600);
      expect((await readAll(store.read(WEEKLY))).toString()).toBe('the dump');
    },
  );

  it.each(['the dumb', 'the dum'])(
    'fails, and leaves nothing, when the copy reads back as %j',
    async (spoils) => {
      answer.code = 'EPERM';
      const root = await freshFolder();
      const store = new LocalStore({ root });
      await store.put(DAILY, sourceOf('the dump'));
      answer.spoils = spoils;
      try {
        const { message } = await failure('ARTIFACT_MISMATCH', store.copy(DAILY, WEEKLY));
        expect(message).toContain(WEEKLY);
      } finally {
        answer.spoils = undefined;
      }
      expect(await filesBelow(root)).toEqual([DAILY]);
    },
  );

  it('does not take an error of the disk for a volume without hard links', async () => {
    answer.code = 'EIO';
    const store = new LocalStore({ root: await freshFolder() });
    await store.put(DAILY, sourceOf('the dump'));
    expect((await failure('STORE_FAILED', store.copy(DAILY, WEEKLY))).message).toContain('EIO');
    expect(await store.cleanUp()).toEqual([]);
  });

  it.skipIf(!mayMount)(
    'leaves nothing of a copy for which there is no room (only where file systems can be mounted)',
    async () => {
      answer.code = 'EPERM';
      const root = await freshMount('size=8m');
      const store = new LocalStore({ root });
      await store.put(DAILY, sourceOf(Buffer.alloc(5_000_000, 'x')));
      await failure('STORE_FULL', store.copy(DAILY, WEEKLY));
      expect(await filesBelow(root)).toEqual([DAILY]);
    },
  );
});
