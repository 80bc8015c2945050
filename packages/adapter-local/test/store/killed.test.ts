import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { artifactKey, parseKey } from '@geolens/backup-core';
import { readAll, sourceOf } from '@geolens/backup-core/testing';
import { LocalStore } from '../../src/store/local-store.ts';
import { filesBelow, freshFolder } from '../support/folders.ts';
import { Script } from '../support/processes.ts';

const SET = [
  'daily/geolens_20260101_020000.dump',
  'daily/globals-20260101_020000.sql',
  'daily/manifest-20260101_020000.json',
  'daily/staging-20260101_020000.tar.gz',
];
const COPY = 'weekly/geolens_20260101_020000.dump';
const OLDER = artifactKey('daily', 'geolens_20251231_020000.dump');

/**
 * What is left, and what a sweep makes of it, when the process dies after so many changes of the file system.
 */
async function killedAfter(
  calls: number,
): Promise<{ root: string; left: readonly string[]; swept: readonly string[]; survived: boolean }> {
  const root = await freshFolder();
  const store = new LocalStore({ root });
  await store.put(OLDER, sourceOf('older'));
  const script = new Script('die-in-store.ts', root, String(calls));
  await script.end;
  const survived = script.output === 'alive';
  if (!survived) expect(script.child.signalCode).toBe('SIGKILL');
  const left = await filesBelow(root);
  await store.sweep();
  expect((await readAll(store.read(OLDER))).toString()).toBe('older');
  return { root, left, swept: (await filesBelow(root)).filter((path) => path !== OLDER), survived };
}

describe('a process that is killed while it makes a set', () => {
  it('leaves, once swept, the whole set or nothing of it, at whichever call it dies', async () => {
    const states = new Set<string>();
    let halves = 0;
    for (let first = 1, survived = false; !survived; first += 6) {
      const outcomes = await Promise.all(Array.from({ length: 6 }, (_, index) => killedAfter(first + index)));
      for (const { root, left, swept, survived: whole } of outcomes) {
        const published = left.filter((path) => SET.includes(path));
        if (published.length > 0 && published.length < SET.length) halves += 1;
        const set = swept.filter((path) => path !== COPY);
        expect(set.length === 0 || set.join() === SET.join(), swept.join()).toBe(true);
        for (const path of swept) {
          expect(parseKey(path)).toBeDefined();
          expect(await readFile(join(root, path), 'utf8')).toBe(path.split('/')[1]);
        }
        states.add(swept.join());
        survived ||= whole;
      }
    }
    expect(halves).toBeGreaterThan(0);
    expect([...states].sort()).toEqual(['', SET.join(), [...SET, COPY].join()].sort());
  }, 60_000);
});
