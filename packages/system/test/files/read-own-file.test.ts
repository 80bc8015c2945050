import { execFileSync } from 'node:child_process';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readOwnFile } from '../../src/files/read-file.ts';
import { failure } from '../support/failure.ts';
import { freshFolder } from '../support/folders.ts';

describe('a file that only this software writes', () => {
  it('is read whole', async () => {
    const path = join(await freshFolder(), 'own');
    await writeFile(path, 'text');
    expect(String(await readOwnFile(path, 4))).toBe('text');
  });

  it('is not read if it is larger than it can be', async () => {
    const path = join(await freshFolder(), 'own');
    await writeFile(path, 'text');
    const { message } = await failure('STORE_FAILED', readOwnFile(path, 3));
    expect(message).toContain(`${path} has 4 bytes`);
  });

  it('is not read if something else is in its place', async () => {
    const folder = await freshFolder();
    const path = join(folder, 'own');
    await writeFile(path, 'text');
    await symlink(path, join(folder, 'link'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    for (const name of ['link', 'pipe']) {
      const { message } = await failure('STORE_FAILED', readOwnFile(join(folder, name), 100));
      expect(message).toBe(`${join(folder, name)} is not a regular file`);
    }
  });

  it('is missed with the error of the system', async () => {
    const path = join(await freshFolder(), 'none');
    await expect(readOwnFile(path, 100)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
