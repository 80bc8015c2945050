import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { readFile } from '../../src/files/read-file.ts';
import { freshFolder } from '../support/folders.ts';

it('a file that cannot be opened fails its reader, however late he comes, and no other process', async () => {
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);
  process.prependListener('uncaughtException', note);
  onTestFinished(() => void process.removeListener('uncaughtException', note));
  const content = readFile(join(await freshFolder(), 'missing'));
  await setTimeout(50); // the time that opening a file takes, several times over
  await expect(content.next()).rejects.toThrow('ENOENT');
  expect(uncaught).toEqual([]);
});

it('a file is read as it is, whole or in part, its chunks lent or given', async () => {
  const path = join(await freshFolder(), 'file');
  const content = Buffer.from(Array.from({ length: 400_000 }, (_, index) => index % 251));
  await writeFile(path, content);
  const place = fc.integer({ min: 0, max: 410_000 });
  await fc.assert(
    fc.asyncProperty(
      fc.option(fc.tuple(place, place), { nil: undefined }),
      fc.boolean(),
      async (given, reuseBuffer) => {
        const range = given && { start: Math.min(...given), end: Math.max(...given) };
        const [copied, kept]: [Buffer[], Uint8Array[]] = [[], []];
        for await (const chunk of readFile(path, range, { reuseBuffer })) {
          copied.push(Buffer.from(chunk));
          kept.push(chunk);
        }
        const wanted = content.subarray(range?.start, range?.end);
        expect(Buffer.concat(copied).equals(wanted)).toBe(true);
        if (!reuseBuffer) expect(Buffer.concat(kept).equals(wanted)).toBe(true);
      },
    ),
  );
});

it('a reader of lent chunks may stop after any of them', async () => {
  const path = join(await freshFolder(), 'file');
  await writeFile(path, Buffer.alloc(1_000_000));
  for (let stopAfter = 1; stopAfter <= 8; stopAfter += 1) {
    let read = 0;
    for await (const chunk of readFile(path, undefined, { reuseBuffer: true })) {
      expect(chunk.length).toBeGreaterThan(0);
      if ((read += 1) === stopAfter) break;
    }
  }
});
