import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FileJournal } from '../src/file-journal.ts';
import { LocalStore } from '../src/store/local-store.ts';
import { failure } from '../../system/test/support/failure.ts';
import { freshFolder } from '../../system/test/support/folders.ts';

const disk = vi.hoisted(() => ({ error: undefined as string | undefined }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const failing = (): Promise<never> =>
    Promise.reject(Object.assign(new Error('read'), { code: disk.error, syscall: 'read' }));
  const isReading = (flags: unknown): boolean => typeof flags === 'number';
  return {
    ...real,
    open: (...args: Parameters<typeof real.open>) =>
      disk.error === undefined || !isReading(args[1]) ? real.open(...args) : failing(),
  };
});

afterEach(() => {
  disk.error = undefined;
});

const START = '2026-01-01T00:00:00Z';

describe('the journal', () => {
  it('is empty when nothing was written yet', async () => {
    expect(await new FileJournal(join(await freshFolder(), 'journal.json')).read()).toEqual({});
  });

  it.each(['', '{', '{"firstStartAt": "2026', '[]', '["x"]', 'null', '7', '"text"', '\0\0\0\0'])(
    'is empty when the file says %j, and can be written again',
    async (text) => {
      const path = join(await freshFolder(), 'journal.json');
      await writeFile(path, text);
      const journal = new FileJournal(path);
      expect(await journal.read()).toEqual({});
      await journal.update({ firstStartAt: START });
      expect(await journal.read()).toEqual({ firstStartAt: START });
    },
  );

  it('reads what version 0.1.0 wrote of restore tests, under their names of today', async () => {
    const path = join(await freshFolder(), 'journal.json');
    const slot = { slot: START, attempts: 1, settled: true };
    const drill = {
      timestamp: '20260101_000000',
      verdict: 'unproven',
      finishedAt: START,
      problem: 'no postgis',
    };
    await writeFile(path, JSON.stringify({ firstStartAt: START, lastDrillSlot: slot, lastDrill: drill }));
    expect(await new FileJournal(path).read()).toEqual({
      firstStartAt: START,
      lastRestoreTestSlot: slot,
      lastRestoreTest: {
        timestamp: '20260101_000000',
        outcome: 'inconclusive',
        finishedAt: START,
        problem: 'no postgis',
      },
    });
    await new FileJournal(path).update({ lastSuccessAt: START });
    expect(JSON.parse(await readFile(path, 'utf8'))).not.toHaveProperty('lastDrill');
  });

  it('reads outcomes of runs of version 0.1.0 under their names of today, and what an operator wrote', async () => {
    const path = join(await freshFolder(), 'journal.json');
    const run = (outcome: string): object => ({ outcome, startedAt: START, finishedAt: START });
    const state = {
      lastRun: run('partial'),
      pastRuns: [run('complete'), null, 'x', run('failed'), run('succeeded')],
    };
    await writeFile(path, JSON.stringify(state));
    expect(await new FileJournal(path).read()).toEqual({
      lastRun: run('with-errors'),
      pastRuns: [run('succeeded'), null, 'x', run('failed'), run('succeeded')],
    });
  });

  it('replaces the fields that are named, and leaves the others, across instances', async () => {
    const path = join(await freshFolder(), 'journal.json');
    await new FileJournal(path).update({ firstStartAt: START, lastSuccessAt: START });
    await new FileJournal(path).update({ lastSuccessAt: '2026-02-02T02:02:02Z' });
    expect(await new FileJournal(path).read()).toEqual({
      firstStartAt: START,
      lastSuccessAt: '2026-02-02T02:02:02Z',
    });
  });

  it('loses no field of updates that are made at once', async () => {
    const journal = new FileJournal(join(await freshFolder(), 'journal.json'));
    const slot = { slot: START, attempts: 1, settled: false };
    await Promise.all([
      journal.update({ firstStartAt: START }),
      journal.update({ lastSlot: slot }),
      journal.update({ lastSuccessAt: START }),
    ]);
    expect(await journal.read()).toEqual({ firstStartAt: START, lastSlot: slot, lastSuccessAt: START });
  });

  it('can always be read whole while it is written', async () => {
    const path = join(await freshFolder(), 'journal.json');
    const [writer, reader] = [new FileJournal(path), new FileJournal(path)];
    await writer.update({ firstStartAt: START });
    const writing = (async () => {
      for (let day = 10; day < 30; day += 1)
        await writer.update({ lastSuccessAt: `2026-01-${day}T00:00:00Z` });
      return 'done' as const;
    })();
    let readings = 0;
    while ((await Promise.race([writing, reader.read()])) !== 'done') {
      expect((await reader.read()).firstStartAt).toBe(START);
      readings += 1;
    }
    expect(readings).toBeGreaterThan(0);
  });

  it('is one file, 0600, with nothing beside it', async () => {
    const folder = await freshFolder();
    await new FileJournal(join(folder, 'journal.json')).update({ firstStartAt: START });
    expect(await readdir(folder)).toEqual(['journal.json']);
    expect((await stat(join(folder, 'journal.json'))).mode & 0o777).toBe(0o600);
  });

  it('can be written while another process cleans up the folder, as it may: it is written outside of the lock', async () => {
    const folder = await freshFolder();
    const [journal, store] = [
      new FileJournal(join(folder, 'journal.json')),
      new LocalStore({ root: folder }),
    ];
    const writing = (async () => {
      for (let day = 10; day < 30; day += 1)
        await journal.update({ lastSuccessAt: `2026-01-${day}T00:00:00Z` });
      return 'done' as const;
    })();
    const cleanedUp: string[] = [];
    while (
      (await Promise.race([writing, store.cleanUp().then((paths) => void cleanedUp.push(...paths))])) !==
      'done'
    );
    expect(cleanedUp).toEqual([]);
    expect(await journal.read()).toEqual({ lastSuccessAt: '2026-01-29T00:00:00Z' });
  });

  it('clears away what processes that died while they wrote it left long ago, and no other process’s files', async () => {
    const folder = await freshFolder();
    const uuid = '6d5c0d5a-0b5e-4f52-9a9d-2b6f6b1a7c33';
    const stale = `journal.json.${uuid}.partial`;
    const others = [
      `other.json.${uuid}.partial`,
      `journal.json.${uuid}.partial.bak`,
      'journal.json.x.partial',
      `journal.json.${uuid.replace('6', '7')}.partial`,
    ];
    for (const name of [stale, ...others]) await writeFile(join(folder, name), '{');
    for (const name of [stale, ...others.slice(0, 3)]) await utimes(join(folder, name), 0, 0);
    await new FileJournal(join(folder, 'journal.json')).update({ firstStartAt: START });
    expect(await readdir(folder)).toEqual(['journal.json', ...others].sort());
  });

  it('is not taken for empty when it cannot be read: that is told, and what it says stays', async () => {
    const path = join(await freshFolder(), 'journal.json');
    await new FileJournal(path).update({ firstStartAt: START });
    const before = await readFile(path, 'utf8');
    disk.error = 'EIO';
    const journal = new FileJournal(path);
    expect((await failure('STORE_FAILED', journal.read())).message).toContain(`${path}: EIO`);
    await failure('STORE_FAILED', journal.update({ lastSuccessAt: START }));
    disk.error = undefined;
    expect(await readFile(path, 'utf8')).toBe(before);
    await journal.update({ lastSuccessAt: START });
    expect(await journal.read()).toEqual({ firstStartAt: START, lastSuccessAt: START });
  });

  it('does not wait for a pipe in its place, and follows no link', async () => {
    const folder = await freshFolder();
    const path = join(folder, 'journal.json');
    execFileSync('mkfifo', [path]);
    await failure('STORE_FAILED', new FileJournal(path).read());
    await writeFile(join(folder, 'other'), '{}');
    await rm(path);
    await symlink('other', path);
    await failure('STORE_FAILED', new FileJournal(path).read());
  });

  it('names its file when that cannot be written, and can be written when it can', async () => {
    const folder = join(await freshFolder(), 'missing');
    const journal = new FileJournal(join(folder, 'journal.json'));
    expect((await failure('STORE_UNAVAILABLE', journal.update({ firstStartAt: START }))).message).toContain(
      folder,
    );
    await mkdir(folder);
    await journal.update({ firstStartAt: START });
    expect(await journal.read()).toEqual({ firstStartAt: START });
  });
});
