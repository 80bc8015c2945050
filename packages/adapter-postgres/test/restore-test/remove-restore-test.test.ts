import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  restoreTestName,
  lockOf,
  restoreTestPaths,
  type RestoreTestPaths,
} from '../../src/restore-test/restore-test-paths.ts';
import { removeRestoreTest } from '../../src/restore-test/remove-restore-test.ts';
import { findAccounts, findFormerAccounts, type Account } from '../../src/restore-test/account.ts';
import { cleanUpRestoreTests } from '../../src/restore-test/clean-up-restore-tests.ts';
import { isRoot } from '../../../system/test/support/folders.ts';

const env = { PATH: process.env['PATH'] ?? '' };
const found = await findAccounts();
const account = 'lacking' in found ? undefined : found[0];
const [former] = await findFormerAccounts();

/** Runs shell commands as the server's user, as a program of a hostile dump does. */
function asServer({ uid, gid }: Account, folder: string, commands: string): void {
  execFileSync(
    'setpriv',
    [
      '--reuid',
      String(uid),
      '--regid',
      String(gid),
      '--clear-groups',
      'sh',
      '-ec',
      `cd ${folder}; ${commands}`,
    ],
    { stdio: 'pipe' },
  );
}

/** A folder of a restore test that died, and a canary folder that every user may write to. */
async function scene(
  mode: number,
): Promise<{ readonly parent: string; readonly paths: RestoreTestPaths; readonly canary: string }> {
  const parent = await mkdtemp('/tmp/drills-');
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  await chmod(parent, 0o755);
  const [paths, canary] = [restoreTestPaths(join(parent, restoreTestName())), join(parent, 'canary')];
  for (const folder of [paths.folder, canary]) await mkdir(folder);
  await chmod(paths.folder, mode);
  await chmod(canary, 0o777);
  await writeFile(join(canary, 'precious'), 'x');
  await chmod(join(canary, 'precious'), 0o666);
  await writeFile(lockOf(paths.folder), '');
  return { parent, paths, canary };
}

describe.runIf(isRoot && account !== undefined && former !== undefined)(
  'the folder of a restore test with hostile content',
  () => {
    it('of an older version, which the server’s user could write to, is removed, and no link in it is followed', async () => {
      const { parent, paths, canary } = await scene(0o770);
      await writeFile(join(paths.folder, 'server.log'), 'log');
      asServer(
        { ...former!, gid: 0 },
        paths.folder,
        `mkdir -m 0700 data evil; touch data/PG_VERSION evil/x .s.PGSQL.1.lock; rm server.log
      perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => ".s.PGSQL.1", Listen => 1) or die'
      for name in server.log alive kept-1 data/in evil/in; do ln -s ${canary}/precious $name; done; ln -s ${canary} link; ln -s ${canary} data/link`,
      );
      expect(await cleanUpRestoreTests([parent], env)).toEqual([
        `${paths.folder}, of a restore test that was cut off`,
      ]);
      expect(await readdir(parent)).toEqual(['canary']);
      expect(await readFile(join(canary, 'precious'), 'utf8')).toBe('x');
    });

    it('is removed where `data` is a link, and the target stays', async () => {
      const { parent, paths, canary } = await scene(0o700);
      await mkdir(paths.cage);
      await symlink(canary, paths.data);
      await removeRestoreTest(paths, { env, account });
      expect((await readdir(parent)).filter((name) => !name.endsWith('.lock'))).toEqual(['canary']);
      expect(await readdir(canary)).toEqual(['precious']);
    });

    it.each([
      ['root', 0],
      ['a user who is not the server’s', 4711],
    ])('stays where `data` belongs to %s, and the error names it', async (_, uid) => {
      const { parent, paths } = await scene(0o700);
      await mkdir(paths.data, { recursive: true });
      await writeFile(join(paths.data, 'precious'), 'x');
      await chown(paths.data, uid, 0);
      await expect(cleanUpRestoreTests([parent], env)).rejects.toMatchObject({
        code: 'STORE_FAILED',
        message: `${paths.data} could not be removed: it belongs to user ${uid}. Remove it by hand`,
      });
      expect(await readFile(join(paths.data, 'precious'), 'utf8')).toBe('x');
    });
  },
);
