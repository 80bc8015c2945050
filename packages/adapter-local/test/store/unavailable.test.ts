import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { artifactKey } from '@geolens/backup-core';
import { chunksOf, readAll, sourceOf } from '@geolens/backup-core/testing';
import { LocalStore } from '../../src/store/local-store.ts';
import { failure } from '../../../system/test/support/failure.ts';
import {
  filesBelow,
  freshFolder,
  freshMount,
  isRoot,
  mayMount,
  remount,
} from '../../../system/test/support/folders.ts';

const KEY = artifactKey('daily', 'geolens_20260101_020000.dump');

/** Everything that needs the folder, by name. */
const WORK: readonly (readonly [string, (store: LocalStore) => Promise<unknown>])[] = [
  ['list', (store) => store.list('daily').next()],
  ['put', (store) => store.put(KEY, sourceOf('x'))],
  ['draft', (store) => store.draft(KEY, chunksOf('x'))],
  ['copy', (store) => store.copy(KEY, artifactKey('weekly', 'geolens_20260101_020000.dump'))],
  ['cleanUp', (store) => store.cleanUp()],
];

describe('a volume that is not there', () => {
  it.each(WORK)('fails %s with the setting and the path', async (_, work) => {
    const root = join(await freshFolder(), 'missing');
    const { message, hint } = await failure(
      'STORE_UNAVAILABLE',
      work(new LocalStore({ root, label: 'BACKUP_DIR' })),
    );
    expect(message).toContain(`BACKUP_DIR=${root}: the folder is not there`);
    expect(hint).toContain('mount the volume');
  });

  it.each(WORK)('is never made up by %s', async (_, work) => {
    const parent = await freshFolder();
    await work(new LocalStore({ root: join(parent, 'missing') })).catch(() => undefined);
    expect(await filesBelow(parent)).toEqual([]);
  });

  it.each(WORK)('may be a file by mistake: %s says so', async (_, work) => {
    const root = join(await freshFolder(), 'file');
    await writeFile(root, 'x');
    expect((await failure('STORE_UNAVAILABLE', work(new LocalStore({ root })))).message).toContain(root);
  });
});

describe.skipIf(!mayMount)('a read-only volume (only where file systems can be mounted)', () => {
  it('can be read, and says that it is read-only to whoever writes', async () => {
    const root = await freshMount('size=8m');
    const store = new LocalStore({ root, label: 'BACKUP_DIR' });
    await store.put(KEY, sourceOf('dump'));
    const draft = await store.draft(artifactKey('daily', 'manifest-20260101_020000.json'), chunksOf('{}'));
    remount(root, 'ro');
    expect((await readAll(store.read(KEY))).toString()).toBe('dump');
    const writing = [
      () => store.put(KEY, sourceOf('x')),
      () => store.draft(KEY, chunksOf('x')),
      () => store.remove(KEY),
      () => store.publish([draft]),
    ];
    for (const work of writing) {
      const { message, hint, details } = await failure('STORE_UNAVAILABLE', work());
      expect(message).toContain(`BACKUP_DIR=${root}: the volume is read-only`);
      expect([hint, details.reason]).toEqual(['Mount it writable', 'volume-read-only']);
    }
  });
});

describe.skipIf(isRoot)('a folder without the right to write (not for root, who may)', () => {
  it('is told with the user', async () => {
    const root = join(await freshFolder(), 'locked');
    await mkdir(root);
    await chmod(root, 0o500);
    expect(
      (await failure('STORE_UNAVAILABLE', new LocalStore({ root }).put(KEY, sourceOf('x')))).message,
    ).toContain('permission denied');
  });
});
