import { execFileSync } from 'node:child_process';
import { lstat, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { artifactKey, type StoredArtifact } from '@geolens/backup-core';
import { chunksOf, readAll, sourceOf } from '@geolens/backup-core/testing';
import { LocalStore } from '../../src/store/local-store.ts';
import { failure } from '../../../system/test/support/failure.ts';
import { filesBelow, freshFolder } from '../../../system/test/support/folders.ts';

const DUMP = 'geolens_20260104_020000.dump';
const DAILY = artifactKey('daily', DUMP);
const WEEKLY = artifactKey('weekly', DUMP);

async function listed(store: LocalStore): Promise<readonly StoredArtifact[]> {
  const found: StoredArtifact[] = [];
  for await (const artifact of store.list('daily')) found.push(artifact);
  return found;
}

describe('files of the local store', () => {
  const umask = process.umask(0o022);
  process.umask(umask);
  afterEach(() => process.umask(umask));

  it.each([0o000, 0o022, 0o077])('are 0600 in folders 0700 under umask %i', async (mask) => {
    process.umask(mask);
    const root = await freshFolder();
    const store = new LocalStore({ root });
    await store.publish([await store.draft(DAILY, chunksOf('dump'))]);
    await store.copy(DAILY, WEEKLY);
    await store.put(artifactKey('weekly', 'manifest-20260104_020000.json'), sourceOf('{}'));
    for (const path of await filesBelow(root))
      expect((await stat(join(root, path))).mode & 0o777, path).toBe(0o600);
    for (const tier of ['daily', 'weekly'])
      expect((await stat(join(root, tier))).mode & 0o777, tier).toBe(0o700);
  });

  it('are one file under two names after a copy to the other tier', async () => {
    const root = await freshFolder();
    const store = new LocalStore({ root });
    await store.put(DAILY, sourceOf('dump'));
    await store.copy(DAILY, WEEKLY);
    const [one, other] = await Promise.all([stat(join(root, DAILY)), stat(join(root, WEEKLY))]);
    expect([other.ino, other.nlink]).toEqual([one.ino, 2]);
  });

  it('may have any name that a file can have', async () => {
    const root = await freshFolder();
    const store = new LocalStore({ root });
    const names = ['line\nfeed', '%2F', '100%', '-rf', '*', '$HOME', '\\', ' ', 'ä'.repeat(31)].map(
      (name) => `${name}_20260104_020000.dump`,
    );
    for (const name of names) await store.put(artifactKey('daily', name), sourceOf(name));
    expect((await listed(store)).map(({ key }) => key).sort()).toEqual(
      names.map((name) => artifactKey('daily', name)).sort(),
    );
    expect((await readdir(join(root, 'daily'))).sort()).toEqual([...names].sort());
  });
});

describe('foreign entries of a tier', () => {
  it('are neither listed nor touched, whatever they are', async () => {
    const root = await freshFolder();
    const daily = join(root, 'daily');
    const elsewhere = join(root, 'elsewhere');
    await mkdir(daily);
    await writeFile(elsewhere, 'not ours');
    await writeFile(join(daily, 'notes.txt'), 'mine');
    await writeFile(join(daily, '.geolens-backup-1.partial'), 'looks like ours');
    await writeFile(join(daily, 'app-20260104_020000.dump.gz'), 'of another tool');
    await mkdir(join(daily, 'folder_20260104_020000.dump'));
    await symlink(elsewhere, join(daily, 'link_20260104_020000.dump'));
    await symlink(join(root, 'nowhere'), join(daily, 'dangling_20260104_020000.dump'));
    await writeFile(
      Buffer.concat([Buffer.from(`${daily}/`), Buffer.from([0xff]), Buffer.from('_20260104_020000.dump')]),
      'no text',
    );
    // Made to text it is longer than a name may be.
    await writeFile(
      Buffer.concat([
        Buffer.from(`${daily}/${'x'.repeat(233)}`),
        Buffer.from([0xff]),
        Buffer.from('_20260104_020000.dump'),
      ]),
      'no text, and long',
    );
    const before = await readdir(daily, 'buffer');

    const store = new LocalStore({ root });
    expect(await listed(store)).toEqual([]);
    expect(await store.cleanUp()).toEqual([]);
    expect(await readdir(daily, 'buffer')).toEqual(before);
    expect(await readFile(elsewhere, 'utf8')).toBe('not ours');
  });

  it('that are pipes are read with an error, and without waiting for a writer', async () => {
    const root = await freshFolder();
    await mkdir(join(root, 'daily'));
    execFileSync('mkfifo', [join(root, 'daily', 'state-20260104_020000.json')]);
    const reading = readAll(
      new LocalStore({ root }).read(artifactKey('daily', 'state-20260104_020000.json')),
    );
    await failure('STORE_FAILED', reading);
  });

  it('keep their name: nothing is published over a link that leads nowhere', async () => {
    const root = await freshFolder();
    await mkdir(join(root, 'daily'));
    await symlink(join(root, 'nowhere'), join(root, DAILY));
    const store = new LocalStore({ root });
    const draft = await store.draft(DAILY, chunksOf('dump'));
    await expect(store.publish([draft])).rejects.toMatchObject({ code: 'ARTIFACT_EXISTS' });
    await draft.discard();
    expect((await lstat(join(root, DAILY))).isSymbolicLink()).toBe(true);
  });
});

describe('a busy folder', () => {
  it('takes many drafts at once', async () => {
    const root = await freshFolder();
    const store = new LocalStore({ root });
    const names = Array.from({ length: 60 }, (_, index) => `db${index}_20260104_020000.dump`);
    const drafts = await Promise.all(
      names.map((name) =>
        store.draft(artifactKey('daily', name), chunksOf(name.repeat(20_000), { size: 10_007 })),
      ),
    );
    await store.publish(drafts);
    for (const name of names)
      expect((await readAll(store.read(artifactKey('daily', name)))).toString()).toBe(name.repeat(20_000));
    expect((await listed(store)).length).toBe(60);
  });

  it('lists ten thousand files, though some vanish meanwhile', async () => {
    const root = await freshFolder();
    await mkdir(join(root, 'daily'));
    const paths = Array.from({ length: 10_000 }, (_, index) =>
      join(root, 'daily', `d${index}_20260104_020000.dump`),
    );
    await Promise.all(paths.map((path) => writeFile(path, 'x')));
    const store = new LocalStore({ root });
    let seen = 0;
    for await (const { key } of store.list('daily')) {
      seen += 1;
      if (seen === 1)
        await Promise.all(
          paths
            .filter((path) => !path.endsWith(key))
            .slice(0, 9_000)
            .map((path) => rm(path)),
        );
    }
    expect(seen).toBeLessThan(2_000);
    expect((await listed(store)).length).toBe(1_000);
  });
});
