import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freshFolder } from '../../../system/test/support/folders.ts';
import { Script } from '../../../system/test/support/processes.ts';
import { description, ownIn, restorer } from '../support/staging-restoring.ts';
import { tarGz } from '../support/tar-writer.ts';

const BEFORE = '.geolens-backup-before-20260101_020000';
const EARLIER = '.geolens-backup-before-20250101_020000';

/**
 * Names that old and new have in common, as files and as folders, and names of one alone; read-only folders
 * in both.
 */
const NEW = tarGz(
  { name: './', type: '5', mode: 0o2750 },
  { name: './both', content: 'new' },
  { name: './locked/', type: '5', mode: 0o555 },
  { name: './locked/file', content: 'new' },
  { name: './new', content: 'new' },
);

async function oldFolder(): Promise<string> {
  const folder = await freshFolder();
  for (const name of ['locked', EARLIER]) await mkdir(join(folder, name));
  for (const name of ['both', 'old', 'locked/file', `${EARLIER}/kept`])
    await writeFile(join(folder, name), 'old content');
  await chmod(join(folder, 'locked'), 0o555);
  return folder;
}

/** The entries of a folder without the folder itself, whose mode and time are not those of its content. */
const entries = (folder: string): string =>
  description(folder)
    .split('\n')
    .filter((line) => line.includes(' ./'))
    .join('\n');

/** What a recovery makes of what a process has left, as `old` or `new`; anything else fails. */
async function recovered(folder: string, records: string, old: string): Promise<'old' | 'new'> {
  const onWarning = (message: string): void => expect.unreachable(message);
  await restorer(undefined, records).recover(folder, { onWarning });
  expect(await restorer(undefined, records).recover(folder, { onWarning })).toEqual([]);
  expect(await readdir(records)).toEqual([]);
  const own = await ownIn(folder);
  if (own.length === 1) {
    expect(own).toEqual([EARLIER]);
    expect(entries(folder)).toBe(old);
    return 'old';
  }
  expect(own).toEqual([EARLIER, BEFORE]);
  expect(entries(join(folder, BEFORE))).toBe(old);
  expect((await readdir(folder)).filter((name) => !own.includes(name)).sort()).toEqual([
    'both',
    'locked',
    'new',
  ]);
  for (const name of ['both', 'new', 'locked/file'])
    expect(await readFile(join(folder, name), 'utf8')).toBe('new');
  expect((await stat(join(folder, 'locked'))).mode & 0o777).toBe(0o555);
  expect((await stat(folder)).mode & 0o7777).toBe(0o2750);
  return 'new';
}

async function killedAfter(calls: number, failing = 0): Promise<{ state: 'old' | 'new'; output: string }> {
  const folder = await oldFolder();
  const records = await freshFolder();
  const old = entries(folder);
  const script = new Script(
    new URL('../support/scripts/restore-badly.ts', import.meta.url),
    folder,
    NEW.toString('base64'),
    String(calls),
    records,
    String(failing),
  );
  await script.end;
  if (script.output === '') expect(script.child.signalCode).toBe('SIGKILL');
  expect(await readdir(join(folder, EARLIER))).toEqual(['kept']);
  return { state: await recovered(folder, records, old), output: script.output };
}

/** The states that dying at each call in turn leaves, up to the call that is not reached any more. */
async function statesOf(failing?: number): Promise<{ states: readonly string[]; output: string }> {
  const states: string[] = [];
  for (let first = 1; ; first += 8) {
    for (const { state, output } of await Promise.all(
      Array.from({ length: 8 }, (_, index) => killedAfter(first + index, failing)),
    )) {
      states.push(state);
      if (output !== '') return { states, output };
    }
  }
}

describe('a process that is killed while it restores', () => {
  it('leaves, once recovered, all of the old content or all of the new, at whichever call it dies', async () => {
    const { states, output } = await statesOf();
    expect(output).toBe('swapped');
    expect(states.join(' ')).toMatch(/^(old ){3,}(new ){10,}new$/);
  }, 120_000);

  // The second rename moves the old content out, the sixth the new content in.
  it.each([2, 6])(
    'does so too while it takes back a swap of which rename %s has failed',
    async (failing) => {
      const { states, output } = await statesOf(failing);
      expect(output).toContain('failed:');
      expect(states.join(' ')).toMatch(/^(old ){3,}(new ){5,}(old )*old$/);
    },
    120_000,
  );
});

describe('a swap that fails', () => {
  // The first and the fifth replace the record, the ninth moves the old content to the name that it keeps.
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9])(
    'at its rename %s puts all old content back, and leaves nothing',
    async (failing) => {
      const folder = await oldFolder();
      const records = await freshFolder();
      const old = entries(folder);
      const script = new Script(
        new URL('../support/scripts/restore-badly.ts', import.meta.url),
        folder,
        NEW.toString('base64'),
        '0',
        records,
        String(failing),
      );
      await script.end;
      expect(script.output).toMatch(/^failed: .*EIO/);
      expect(await ownIn(folder)).toEqual([EARLIER]);
      expect(entries(folder)).toBe(old);
      expect(await readdir(records)).toEqual([]);
      expect(await restorer(undefined, records).recover(folder)).toEqual([]);
    },
  );
});

describe('a process that is killed while it drops the old content', () => {
  it('leaves all of it under its name, or nothing once recovered, at whichever call it dies', async () => {
    const dropped: boolean[] = [];
    let ended = false;
    // The calls before belong to the swap, which the tests above cover.
    for (let calls = 40; !ended; calls += 1) {
      const folder = await oldFolder();
      const records = await freshFolder();
      const script = new Script(
        new URL('../support/scripts/restore-badly.ts', import.meta.url),
        folder,
        NEW.toString('base64'),
        String(calls),
        records,
        '0',
        'drop',
      );
      await script.end;
      ended = script.output === 'swapped';
      const done = await restorer(undefined, records).recover(folder);
      expect(await restorer(undefined, records).recover(folder)).toEqual([]);
      expect(await readdir(records)).toEqual([]);
      const own = await ownIn(folder);
      if (own.includes(BEFORE)) expect(entries(join(folder, BEFORE)).split('\n')).toHaveLength(4);
      expect(own.filter((name) => name !== BEFORE)).toEqual([EARLIER]);
      if (done.join().includes('an old content that was to be removed')) dropped.push(!own.includes(BEFORE));
    }
    expect(dropped).toContain(true);
  }, 120_000);
});
