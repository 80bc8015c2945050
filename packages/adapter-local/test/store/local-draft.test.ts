import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { readFile } from '../../src/store/local-draft.ts';
import { freshFolder } from '../support/folders.ts';

it('a file that cannot be opened fails its reader, however late he comes, and nobody else', async () => {
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);
  process.prependListener('uncaughtException', note);
  onTestFinished(() => void process.removeListener('uncaughtException', note));
  const content = readFile(join(await freshFolder(), 'missing'));
  await setTimeout(50); // the time that opening a file takes, several times over
  await expect(content.next()).rejects.toThrow('ENOENT');
  expect(uncaught).toEqual([]);
});
