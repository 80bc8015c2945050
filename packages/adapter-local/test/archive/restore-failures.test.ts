import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, rmdir, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chunksOf, readAll, sourceOf } from '@geolens/backup-core/testing';
import { failure } from '../../../system/test/support/failure.ts';
import {
  filesBelow,
  freshFolder,
  freshMount,
  isRoot,
  mayMount,
  remount,
} from '../../../system/test/support/folders.ts';
import { processesIn, processesWith, Script, until } from '../../../system/test/support/processes.ts';
import { archiveOf, leaveRecord, ownIn, restore, restorer, signal } from '../support/staging-restoring.ts';
import { onlyPrograms } from '../../../system/test/support/search-path.ts';
import { tarGz } from '../support/tar-writer.ts';

const small = sourceOf(tarGz({ name: './', type: '5', mode: 0o755 }, { name: './new', content: 'new' }));

describe('a restore that is stopped or fails on the way', () => {
  it.each([1, 2])(
    'leaves nothing when it is aborted in reading number %s of the archive',
    async (reading) => {
      const source = await freshFolder();
      await writeFile(join(source, 'file'), randomBytes(5_000_000));
      const bytes = await readAll((await archiveOf(source)).open());
      const folder = await freshFolder();
      await writeFile(join(folder, 'old'), 'old');
      const stop = new AbortController();
      let readings = 0;
      const open = async function* (): AsyncGenerator<Uint8Array> {
        readings += 1;
        for await (const chunk of chunksOf(bytes)) {
          yield chunk;
          if (readings === reading) stop.abort();
        }
      };
      await failure(
        'ABORTED',
        restorer().unpack({ ...sourceOf(bytes), open }, folder, { signal: stop.signal }),
      );
      expect(readings).toBe(reading);
      expect(await readdir(folder)).toEqual(['old']);
      await until(
        () => processesWith(basename(folder)).length + processesIn(basename(folder)).length === 0,
        'tar is gone',
      );
    },
  );

  it('fails as the reading of the archive does', async () => {
    const folder = await freshFolder();
    const gone = Object.assign(new Error('the store went away'), { code: 'ECONNRESET' });
    const bytes = await readAll(small.open());
    let readings = 0;
    const open = (): AsyncIterable<Uint8Array> =>
      readings++ === 0 ? chunksOf(bytes) : chunksOf(bytes.subarray(0, 20), { failure: gone });
    await expect(restorer().unpack({ ...small, open }, folder, { signal })).rejects.toMatchObject({
      cause: gone,
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([['tar'], ['sync']])('says which program is missing: %s', async (name) => {
    const folder = join(await freshFolder(), 'made');
    const programs = await onlyPrograms('setpriv', ...['tar', 'sync'].filter((program) => program !== name));
    expect(
      (await failure('PROGRAM_MISSING', restorer(programs).unpack(small, folder, { signal }))).message,
    ).toContain(name);
    await expect(stat(folder)).rejects.toThrow('ENOENT');
  });

  it.skipIf(!mayMount)(
    'is a full disk when there is no room beside the old content, and leaves that alone',
    async () => {
      const source = await freshFolder();
      await writeFile(join(source, 'large'), randomBytes(6_000_000));
      const folder = await freshMount('size=8m');
      await writeFile(join(folder, 'old'), Buffer.alloc(4_000_000));
      const { message, hint } = await failure(
        'STORE_FULL',
        restorer().unpack(await archiveOf(source), folder, { signal }),
      );
      expect(message).toContain(`STAGING_DIR=${folder}: no space left`);
      expect(hint).toContain('Free some space');
      expect(await filesBelow(folder)).toEqual(['old']);
      expect(await ownIn(folder)).toEqual([]);
    },
  );

  it.skipIf(!mayMount)('takes the swap back when something is mounted inside the folder', async () => {
    const folder = await freshMount('size=1m');
    await writeFile(join(folder, 'zz'), 'old');
    await mkdir(join(folder, 'mounted'));
    const unpacked = await restorer().unpack(small, folder, { signal });
    mountOn(join(folder, 'mounted'));
    await failure('STAGING_FAILED', unpacked.swap());
    await unpacked.discard();
    expect((await readdir(folder)).sort()).toEqual(['mounted', 'zz']);
  });

  it('does not begin while another is unfinished', async () => {
    const folder = await freshFolder();
    await rmdir(await leaveRecord(folder, { phase: 'out', lockedOld: [], lockedNew: [] }));
    await failure('STAGING_FAILED', restorer().unpack(small, folder, { signal }));
    expect(await restorer().recover(folder)).toEqual([]);
    await restore(small, folder);
    expect(await readdir(folder)).toEqual(['new']);
  });
});

describe('the recovery', () => {
  it('has nothing to do in a folder without orphans, and in one that does not exist', async () => {
    const folder = await freshFolder();
    for (const name of [
      'old',
      '.geolens-backup-before-20250101_020000',
      '.geolens-backup.lock',
      '.geolens-backup-restoring-x',
    ])
      await mkdir(join(folder, name));
    expect(await restorer().recover(folder)).toEqual([]);
    expect(await restorer().recover(join(folder, 'no'))).toEqual([]);
    expect(await readdir(folder)).toHaveLength(4);
  });

  it('removes an old content of which a part was removed', async () => {
    const folder = await freshFolder();
    const work = await leaveRecord(folder, { phase: 'dropping' });
    await mkdir(join(work, 'old', 'rest'), { recursive: true });
    expect(await restorer().recover(folder)).toEqual([
      expect.stringContaining('an old content that was to be removed'),
    ]);
    expect(await readdir(folder)).toEqual([]);
  });

  it('puts no new content in place that is not there any more', async () => {
    const folder = await freshFolder();
    await writeFile(join(folder, 'old'), 'old');
    for (const phase of ['out', 'in']) {
      await rmdir(await leaveRecord(folder, { phase, lockedOld: [], lockedNew: [] }));
      await restorer().recover(folder);
      expect(await readdir(folder)).toEqual(['old']);
    }
  });
});

describe('a folder that cannot be restored into', () => {
  it('is told from one that can, or can be made', async () => {
    const folder = await freshFolder();
    await writeFile(join(folder, 'file'), 'x');
    await symlink('nowhere', join(folder, 'dangling'));
    await symlink('.', join(folder, 'link'));
    for (const path of [folder, join(folder, 'new'), join(folder, 'link')])
      expect(await restorer().refusal(path)).toBeUndefined();
    expect(await restorer().refusal(join(folder, 'file'))).toMatch(/is not a folder/);
    expect(await restorer().refusal(join(folder, 'file', 'x'))).toMatch(/below what is not a folder/);
    expect(await restorer().refusal(join(folder, 'no', 'new'))).toMatch(
      /cannot be made: .*no does not exist/,
    );
    expect(await restorer().refusal(join(folder, 'dangling'))).toMatch(/leads nowhere/);
    expect(await readdir(folder)).toHaveLength(3);
  });

  it.skipIf(!mayMount)('is on a read-only file system, or has something mounted inside', async () => {
    const folder = await freshMount('size=1m');
    await mkdir(join(folder, 'with space', 'deep'), { recursive: true });
    mountOn(join(folder, 'with space', 'deep'));
    expect(await restorer().refusal(folder)).toBe(
      `something is mounted inside ${folder}, at ${folder}/with space/deep`,
    );
    const other = await freshMount('size=1m');
    remount(other, 'ro');
    expect(await restorer().refusal(other)).toMatch(/read-only file system/);
    expect(await restorer().refusal(join(other, 'new'))).toMatch(/read-only file system/);
  });
});

describe.skipIf(!isRoot)('a user who is not root (only as root, who becomes one)', () => {
  it('restores all but the owners, of which he is warned once, and read-only folders too', async () => {
    const parent = await freshFolder();
    const folder = join(parent, 'staging');
    await mkdir(folder);
    await chmod(parent, 0o777);
    await chmod(folder, 0o777);
    const records = await freshFolder();
    await chmod(records, 0o777);
    const locked = { name: './locked/', type: '5', mode: 0o555 };
    const archive = tarGz(
      { name: './', type: '5', mode: 0o777 },
      locked,
      { name: './locked/inner/', type: '5', mode: 0o555 },
      { name: './locked/inner/file', content: 'x' },
    );
    const script = new Script(
      new URL('../support/scripts/restore-as-nobody.ts', import.meta.url),
      folder,
      archive.toString('base64'),
      records,
    );
    await script.end;
    expect(script.child.exitCode).toBe(0);
    expect(JSON.parse(script.output)).toEqual({
      warnings: ["owners were not kept: only root can give files to others, all are user 65534's now"],
      entries: ['locked'],
      mode: 0o555,
      again: ['locked'],
      refusals: [
        `user 65534 may not read and write ${parent}/private`,
        `user 65534 may not move ${parent}/mixed/of-root, which user 0 owns`,
      ],
    });
  });
});

/** A file system of its own at a folder. */
function mountOn(folder: string): void {
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', folder], { stdio: 'pipe' });
  onTestFinished(() => void execFileSync('umount', ['--lazy', folder], { stdio: 'pipe' }));
}
