import { describe, expect, it } from 'vitest';
import { MemoryStore } from '@geolens/backup-core/testing';
import { remove, type RemoveFlags } from '../../src/commands/remove.ts';
import type { CommandContext } from '../../src/services.ts';
import { commandKit } from '../support/command-kit.ts';

const FLAGS: RemoveFlags = { dryRun: false, yes: false, force: false, json: false };
const OLD = '20260101_020000';
const NEW = '20260104_020000';
const OF_OTHER = 'daily/other_20260104_020000.dump';

/** Two sets of our database, one of them in two tiers, and one of another database. */
async function kit(
  answer?: string,
): Promise<{
  readonly context: CommandContext;
  readonly output: { said: string };
  readonly keys: () => readonly string[];
  readonly asked: string[];
}> {
  const store = new MemoryStore();
  for (const name of [`geolens_${OLD}.dump`, `geolens_${NEW}.dump`])
    store.artifacts.set(`daily/${name}`, new Uint8Array(1));
  store.artifacts.set(`weekly/geolens_${NEW}.dump`, new Uint8Array(1));
  store.artifacts.set(OF_OTHER, new Uint8Array(1));
  const { context, output } = await commandKit(store);
  const asked: string[] = [];
  const ask = (question: string): Promise<string> => {
    asked.push(question);
    return Promise.resolve(answer ?? '');
  };
  const terminal = answer === undefined ? undefined : { ask, status: () => undefined };
  return {
    context: { ...context, io: { ...context.io, terminal } },
    output,
    keys: () => [...store.artifacts.keys()],
    asked,
  };
}

describe('`remove`', () => {
  it('removes a set in all its tiers, and nothing else', async () => {
    const { context, output, keys } = await kit();
    expect(await remove(context, NEW, { ...FLAGS, force: true })).toBe(0);
    expect(keys()).toEqual([`daily/geolens_${OLD}.dump`, OF_OTHER]);
    expect(output.said).toBe(
      `set ${NEW} is removed from the volume: 2 files, 2 B\n  daily/geolens_${NEW}.dump\n  weekly/geolens_${NEW}.dump\nCopies in other stores stay.\n`,
    );
  });

  it('refuses the newest good set without --force, also in a dry run', async () => {
    const { context, keys } = await kit();
    const before = keys();
    for (const dryRun of [false, true])
      await expect(remove(context, NEW, { ...FLAGS, dryRun })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: `set ${NEW} is the newest complete set of database "geolens"`,
      });
    expect(keys()).toEqual(before);
  });

  it('asks on a terminal, and removes nothing unless the answer is yes', async () => {
    const { context, keys, asked } = await kit('n');
    const before = keys();
    await expect(remove(context, OLD, FLAGS)).rejects.toMatchObject({ code: 'ABORTED' });
    expect(keys()).toEqual(before);
    expect(asked).toEqual([
      expect.stringMatching(/^set 20260101_020000 will be removed .*Go on\? \[y\/N\] $/s),
    ]);
    const other = await kit('y');
    expect(await remove(other.context, OLD, FLAGS)).toBe(0);
    expect(other.keys()).not.toContain(`daily/geolens_${OLD}.dump`);
  });

  it('only lists the files in a dry run, without a question', async () => {
    const { context, output, keys, asked } = await kit('n');
    const before = keys();
    expect(await remove(context, OLD, { ...FLAGS, dryRun: true })).toBe(0);
    expect({ keys: keys(), asked }).toEqual({ keys: before, asked: [] });
    expect(output.said).toContain('would be removed');
  });

  it.each([
    ['yesterday', 'CONFIG_INVALID'],
    ['20250101_000000', 'SET_NOT_FOUND'],
  ])('refuses %s: %s', async (what, code) => {
    await expect(remove((await kit()).context, what, FLAGS)).rejects.toMatchObject({ code });
  });
});
