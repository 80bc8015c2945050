import { execFileSync } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { artifactKey, type ArtifactKey } from '@geolens/backup-core';
import { chunksOf } from '@geolens/backup-core/testing';
import { LocalStore } from '../../src/store/local-store.ts';
import { intentName, partialName } from '../../src/store/temporary-names.ts';
import { filesBelow, freshFolder } from '../../../system/test/support/folders.ts';

const KEYS = [
  'globals-20260101_020000.sql',
  'geolens_20260101_020000.dump',
  'manifest-20260101_020000.json',
].map((name) => artifactKey('daily', name));

/**
 * A folder as a process leaves it that died while it published: an intent, and the first keys of it there
 * already.
 */
async function halfPublished(
  published: readonly ArtifactKey[],
  intent = JSON.stringify(KEYS),
): Promise<{ root: string; store: LocalStore; intent: string }> {
  const root = await freshFolder();
  const name = intentName();
  await mkdir(join(root, 'daily'));
  await writeFile(join(root, 'daily', 'geolens_20251231_020000.dump'), 'an older set');
  await writeFile(join(root, name), intent);
  for (const key of published) await writeFile(join(root, key), key);
  for (const key of KEYS.slice(published.length)) await writeFile(join(root, 'daily', partialName()), key);
  return { root, store: new LocalStore({ root }), intent: name };
}

describe('sweeping what a process that died in a publication left', () => {
  it.each([0, 1, 2])('takes back a set of which %i of three names were given', async (count) => {
    const { root, store } = await halfPublished(KEYS.slice(0, count));
    const removed = await store.cleanUp();
    expect(await filesBelow(root)).toEqual(['daily/geolens_20251231_020000.dump']);
    expect(removed.filter((path) => !path.endsWith('.partial')).sort()).toEqual(KEYS.slice(0, count).sort());
    expect(await store.cleanUp()).toEqual([]);
  });

  it('leaves a set standing of which all names were given', async () => {
    const { root, store } = await halfPublished(KEYS);
    expect(await store.cleanUp()).toEqual([]);
    expect(await filesBelow(root)).toEqual([...KEYS, 'daily/geolens_20251231_020000.dump'].sort());
  });

  it('leaves a set alone that was published, and of which somebody has removed a file since', async () => {
    const { root, store } = await halfPublished(KEYS);
    await rm(join(root, KEYS[0]!));
    expect(await store.cleanUp()).toEqual([]);
    expect(await filesBelow(root)).toEqual([...KEYS.slice(1), 'daily/geolens_20251231_020000.dump'].sort());
  });

  it.each(['', '["daily/globals-2026', 'null', '{}', '["daily/../../escaped","elsewhere/x",7]'])(
    'removes an intent that says %j, and only that',
    async (text) => {
      const { root, store } = await halfPublished(KEYS, text);
      await store.cleanUp();
      expect(await filesBelow(root)).toEqual([...KEYS, 'daily/geolens_20251231_020000.dump'].sort());
    },
  );

  it.each([
    'daily/notes.txt',
    'daily/geolens_20251231_020000.dump.bak',
    'weekly/a\0_20260101_020000.dump',
    `daily/${'x'.repeat(300)}_20260101_020000.dump`,
  ])('removes no %j that a forged intent names', async (key) => {
    const { root, store } = await halfPublished(
      [],
      JSON.stringify([key, 'daily/manifest-20260101_020000.json']),
    );
    await writeFile(join(root, 'daily', 'notes.txt'), 'mine');
    await writeFile(join(root, 'daily', 'geolens_20251231_020000.dump.bak'), 'mine');
    await store.cleanUp();
    expect(await filesBelow(root)).toEqual([
      'daily/geolens_20251231_020000.dump',
      'daily/geolens_20251231_020000.dump.bak',
      'daily/notes.txt',
    ]);
  });

  it('passes over folders and pipes that have names like its own', async () => {
    const root = await freshFolder();
    await mkdir(join(root, 'daily'));
    await mkdir(join(root, intentName()));
    await mkdir(join(root, 'daily', partialName()));
    execFileSync('mkfifo', [join(root, intentName()), join(root, 'daily', partialName())]);
    const before = await readdir(root, { recursive: true });
    expect(await new LocalStore({ root }).cleanUp()).toEqual([]);
    expect(await readdir(root, { recursive: true })).toEqual(before);
  });

  it('removes no other process’s files, however alike their names', async () => {
    const root = await freshFolder();
    await mkdir(join(root, 'weekly'));
    const foreign = [
      '.geolens-backup.lock',
      '.geolens-backup-x.publishing',
      `${partialName()}.bak`,
      `weekly/x${partialName()}`,
      'weekly/.geolens-backup.partial',
    ];
    for (const name of foreign) await writeFile(join(root, name), '["daily/x"]');
    expect(await new LocalStore({ root }).cleanUp()).toEqual([]);
    expect(await filesBelow(root)).toEqual([...foreign].sort());
  });
});

describe('publishing', () => {
  it('takes back what it has named already when a later draft is gone', async () => {
    const root = await freshFolder();
    const store = new LocalStore({ root });
    const drafts = [
      await store.draft(KEYS[0]!, chunksOf('one')),
      await store.draft(KEYS[1]!, chunksOf('two')),
    ];
    await drafts[1]!.discard();
    await expect(store.publish(drafts)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    for (const draft of drafts) await draft.discard();
    expect(await filesBelow(root)).toEqual([]);
  });
});
