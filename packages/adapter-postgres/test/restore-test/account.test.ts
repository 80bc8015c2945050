import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freshFolder } from '../../../system/test/support/folders.ts';
import { findAccounts, lockAccount } from '../../src/restore-test/account.ts';

async function found(users: string): ReturnType<typeof findAccounts> {
  const file = join(await freshFolder(), 'passwd');
  await writeFile(file, `root:x:0:0::/root:/bin/sh\npostgres:x:101:104::/:/bin/bash\n${users}`);
  return findAccounts(file);
}

const LINE = 'geolens-restore-test:x:901:902::/:/usr/sbin/nologin\n';

describe('the accounts for restore tests', () => {
  it('are those of the name, and of the name with a number', async () => {
    expect(
      await found(`${LINE}geolens-restore-test-2:x:903:904::/:\ngeolens-restore-test-x:x:905:906::/:\n`),
    ).toEqual([
      { name: 'geolens-restore-test', uid: 901, gid: 902 },
      { name: 'geolens-restore-test-2', uid: 903, gid: 904 },
    ]);
  });

  it('are made by the command in the reason, where there are none', async () => {
    const lacking = expect.stringMatching(/no account "geolens-restore-test".*: useradd -r -U -M /) as string;
    expect(await found('')).toEqual({ lacking });
    expect(await findAccounts(join(await freshFolder(), 'none'))).toEqual({ lacking });
  });

  it.each([
    ['is root', LINE.replace('901', '0')],
    ['has the group of root', LINE.replace('902', '0')],
    ['shares its user number', `${LINE}other:x:901:903::/:\n`],
    ['shares its group', `${LINE}other:x:903:902::/:\n`],
    ['is PostgreSQL', LINE.replace('901', '101')],
  ])('are refused where one %s', async (_, users) => {
    expect(await found(users)).toEqual({ lacking: expect.stringContaining('shares its numbers') as string });
  });

  it('are locked by one restore test at a time', async () => {
    const account = { name: 'geolens-restore-test', uid: 4_000_000_000 + process.pid, gid: 1 };
    const unlock = await lockAccount(account);
    expect(await lockAccount(account)).toBeUndefined();
    await unlock?.();
    await (await lockAccount(account))?.();
  });
});
