import type { open as openFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { primaryStoreContract, sourceOf } from '@geolens/backup-core/testing';
import { LocalStore } from '../../src/store/local-store.ts';
import { failure } from '../../../system/test/support/failure.ts';
import { freshFolder } from '../../../system/test/support/folders.ts';

const answer = vi.hoisted(() => ({ code: 'EINVAL' }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<{ open: typeof openFile }>();
  const open: typeof openFile = async (path, flags, mode) => {
    const handle = await real.open(path, flags, mode);
    if (!(await handle.stat()).isDirectory()) return handle;
    handle.sync = () =>
      Promise.reject(
        Object.assign(new Error(`${answer.code}: fsync`), { code: answer.code, syscall: 'fsync' }),
      );
    return handle;
  };
  return { ...real, open };
});

describe('the local store on a volume that cannot flush a folder, as some network shares', () => {
  const contract = primaryStoreContract(async () => new LocalStore({ root: await freshFolder() }));
  for (const { title, check } of contract) it(title, check);

  it('does not take an error of the disk for such a volume', async () => {
    const store = new LocalStore({ root: await freshFolder() });
    answer.code = 'EIO';
    expect(
      (await failure('STORE_FAILED', store.put('daily/geolens_20260104_020000.dump', sourceOf('the dump'))))
        .message,
    ).toContain('EIO');
    answer.code = 'EINVAL';
  });
});
