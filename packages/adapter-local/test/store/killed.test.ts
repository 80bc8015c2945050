import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { artifactKey, parseKey } from '@geolens/backup-core';
import { readAll, sourceOf } from '@geolens/backup-core/testing';
import { LocalStore } from '../../src/store/local-store.ts';
import { filesBelow, freshFolder } from '../../../system/test/support/folders.ts';
import { Script } from '../../../system/test/support/processes.ts';

const SET = [
  'daily/geolens_20260101_020000.dump',
  'daily/globals-20260101_020000.sql',
  'daily/manifest-20260101_020000.json',
  'daily/staging-20260101_020000.tar.gz',
];
const COPY = 'weekly/geolens_20260101_020000.dump';
const OLDER = artifactKey('daily', 'geolens_20251231_020000.dump');

/**
 * What is left, and what a clean-up makes of it, when the process dies after so many changes of the file system.
 */
async function killedAfter(
  calls: number,
): Promise<{ root: string; left: readonly string[]; cleanedUp: readonly string[]; survived: boolean }> {
  const root = await freshFolder();
  const store = new LocalStore({ root });
  await store.put(OLDER, sourceOf('older'));
  const script = new Script(
    new URL('../support/scripts/die-in-store.ts', import.meta.url),
    root,
    String(calls),
  );
  await script.end;
  const survived = script.output === 'alive';
  if (!survived) expect(script.child.signalCode).toBe('SIGKILL');
  const left = await filesBelow(root);
  await store.cleanUp();
  expect((await readAll(store.read(OLDER))).toString()).toBe('older');
  return { root, left, cleanedUp: (await filesBelow(root)).filter((path) => path !== OLDER), survived };
}

describe('a process that is killed while it makes a set', () => {
  it('leaves, once cleaned up, the whole set or nothing of it, at whichever call it dies', async () => {
    const states = new Set<string>();
    let halves = 0;
    for (let first = 1, survived = false; !survived; first += 6) {
      const outcomes = await Promise.all(Array.from({ length: 6 }, (_, index) => killedAfter(first + index)));
      for (const { root, left, cleanedUp, survived: whole } of outcomes) {
        const published = left.filter((path) => SET.includes(path));
        if (published.length > 0 && published.length < SET.length) halves += 1;
        const set = cleanedUp.filter((path) => path !== COPY);
        expect(set.length === 0 || set.join() === SET.join(), cleanedUp.join()).toBe(true);
        for (const path of cleanedUp) {
          expect(parseKey(path)).toBeDefined();
          expect(await readFile(join(root, path), 'utf8')).toBe(path.split('/')[1]);
        }
        states.add(cleanedUp.join());
        survived ||= whole;
      }
    }
    expect(halves).toBeGreaterThan(0);
    expect([...states].sort()).toEqual(['', SET.join(), [...SET, COPY].join()].sort());
  }, 60_000);
});
