import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { artifactKey } from '@geolens/backup-core';
import { chunksOf, readAll, sourceOf } from '@geolens/backup-core/testing';
import { FileJournal } from '../../src/file-journal.ts';
import { FlockLock } from '../../../system/src/lock/flock-lock.ts';
import { LocalStore } from '../../src/store/local-store.ts';
import { failure } from '../../../system/test/support/failure.ts';
import { filesBelow, freshMount, mayMount } from '../../../system/test/support/folders.ts';

const KEY = artifactKey('daily', 'geolens_20260101_020000.dump');
const MEGABYTES = 1_000_000;

/** Fills the volume to its last block. */
async function fill(root: string): Promise<void> {
  await writeFile(join(root, 'filling'), Buffer.alloc(16 * MEGABYTES)).catch(() => undefined);
}

describe.skipIf(!mayMount)('a full disk (only where file systems can be mounted)', () => {
  it('is reported with the path and the hint, keeps no file, and the store goes on when there is disk space', async () => {
    const root = await freshMount('size=8m');
    const store = new LocalStore({ root, label: 'BACKUP_DIR' });
    const large = Buffer.alloc(12 * MEGABYTES, 'geolens');
    for (const attempt of [() => store.draft(KEY, chunksOf(large)), () => store.put(KEY, sourceOf(large))]) {
      const { message, hint } = await failure('STORE_FULL', attempt());
      expect(message).toContain(`BACKUP_DIR=${root}`);
      expect(hint).toMatch(/free some space/i);
    }
    expect(await filesBelow(root)).toEqual([]);
    await store.publish([await store.draft(KEY, chunksOf(large.subarray(0, 5 * MEGABYTES)))]);
    expect((await readAll(store.read(KEY))).equals(large.subarray(0, 5 * MEGABYTES))).toBe(true);
  });

  it('lets what is there be listed, read and removed', async () => {
    const root = await freshMount('size=8m');
    const store = new LocalStore({ root });
    await store.put(KEY, sourceOf('dump'));
    await fill(root);
    expect((await readAll(store.read(KEY))).toString()).toBe('dump');
    await store.remove(KEY);
    expect(await store.cleanUp()).toEqual([]);
    expect(await filesBelow(root)).toEqual(['filling']);
  });

  it('publishes nothing by halves: without room for the note of what is published, nothing is', async () => {
    const root = await freshMount('size=8m');
    const store = new LocalStore({ root });
    const draft = await store.draft(KEY, chunksOf('dump'));
    await fill(root);
    await failure('STORE_FULL', store.publish([draft]));
    await draft.discard();
    expect(await filesBelow(root)).toEqual(['filling']);
  });

  it('does not keep the lock from being taken and given back, again and again', async () => {
    const root = await freshMount('size=8m');
    await fill(root);
    const lock = new FlockLock(join(root, 'lock'));
    for (let turn = 0; turn < 2; turn += 1) await (await lock.acquire({ command: 'run' })).release();
  });

  it('leaves the journal as it was', async () => {
    const root = await freshMount('size=8m');
    const journal = new FileJournal(join(root, 'journal.json'));
    await journal.update({ firstStartAt: '2026-01-01T00:00:00Z' });
    await fill(root);
    expect(
      (await failure('STORE_FULL', journal.update({ lastSuccessAt: '2026-01-02T00:00:00Z' }))).message,
    ).toContain('journal.json');
    expect(await journal.read()).toEqual({ firstStartAt: '2026-01-01T00:00:00Z' });
    expect(await filesBelow(root)).toEqual(['filling', 'journal.json']);
  });
});
