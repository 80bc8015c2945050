import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fileSources } from '../../src/index.ts';
import { freshFolder } from '../support/folders.ts';

it.each([['manifest-20261122_020000.json', 'manifest'], ['globals-20261122_020000.sql', 'globals'], ['staging-20261122_020000.tar.gz', 'staging archive']])(
  '%s is not taken for a damaged dump',
  async (name, word) => {
    const path = join(await freshFolder(), name);
    await writeFile(path, 'whole');
    await expect(fileSources.dump(path)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(`is the ${word} of set 20261122_020000, and no dump`) as string });
    expect(await fileSources.archive(path)).toMatchObject({ name, bytes: 5 });
  },
);
