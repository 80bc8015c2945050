import { describe, expect, it } from 'vitest';
import {
  acceptSet,
  BackupError,
  readSets,
  withReason,
  type CopyReport,
  type RestoreTestResult,
} from '@geolens/backup-core';
import { FakeRestoreTester, FaultyStore, MemoryStore, sourceOf } from '@geolens/backup-core/testing';
import { run } from '../../src/commands/run.ts';
import { exitCodeOfVerification, verify, type VerifyFlags } from '../../src/commands/verify.ts';
import { commandKit, type CommandKit } from '../support/command-kit.ts';

const FLAGS: VerifyFlags = { restore: false, all: false, store: 'all', json: false };

/** A set on the volume, and one on a replica when there is one. */
async function kitWithSet(
  replicas: readonly MemoryStore[] = [],
): Promise<CommandKit & { restoreTest: FakeRestoreTester; store: MemoryStore }> {
  const store = new MemoryStore('local');
  const kit = await commandKit(store, replicas);
  await run(kit.context, { json: false });
  Object.assign(kit.output, { said: '', logged: '' });
  const { restoreTest } = kit.context.services;
  if (!(restoreTest instanceof FakeRestoreTester)) throw new Error('the kit has another restore test');
  return { ...kit, restoreTest, store };
}

describe('`verify` ends with', () => {
  it('0 when all is good, and says of each artifact that it is', async () => {
    const { context, output } = await kitWithSet();
    expect(await verify(context, 'latest', FLAGS)).toBe(0);
    expect(output.said).toMatch(
      /^set 20260201_000000 \(daily and weekly, local\): good\nARTIFACT +SIZE +RESULT\nmanifest-\S+ +\S+ kB +good\n/,
    );
    expect(output.logged).toMatch(/INFO {2}set 20260201_000000 \(daily, local\) is good/);
  });

  it('0 when it was proven, with what was seen', async () => {
    const { context, output } = await kitWithSet();
    expect(await verify(context, 'latest', { ...FLAGS, restore: true })).toBe(0);
    expect(output.said).toContain('(daily and weekly, local): restore test passed\n');
    expect(output.said).toContain(
      'restored in a temporary PostgreSQL 17.2:\n  - 3 rows in 1 table, as many as in the dump\n',
    );
  });

  it('5 when rows differ, and shouts', async () => {
    const { context, output, restoreTest } = await kitWithSet();
    restoreTest.answer = { rows: [], problems: ['the index a is not valid'] };
    expect(await verify(context, 'latest', { ...FLAGS, restore: true })).toBe(5);
    expect(output.said).toContain('(daily and weekly, local): BAD\n');
    expect(output.said).toContain('and NOT what was backed up:\n  - catalog.datasets is not there');
    expect(output.said).toContain('  - the index a is not valid\n');
    expect(output.logged).toMatch(
      /ERROR set 20260201_000000 \(daily, local\) is BAD, .*: catalog.datasets is not there .*the index a is not valid/,
    );
  });

  it('6 when objects could not be restored, and again as long as that stands and is not accepted', async () => {
    const { context, output, restoreTest, store } = await kitWithSet();
    restoreTest.answer = { outcome: 'failed', problems: ['the view a fails', 'the view b fails'] };
    expect(await verify(context, 'latest', { ...FLAGS, restore: true })).toBe(6);
    expect(output.said).toContain('(daily and weekly, local): restore test FAILED\n');
    expect(output.said).toContain('  - the view a fails\n  - the view b fails\n');
    expect(output.logged).toMatch(/ERROR set 20260201_000000 .* is intact, but its restore test FAILED/);
    expect(await verify(context, 'latest', FLAGS)).toBe(6);
    expect(await verify(context, 'latest', { ...FLAGS, all: true })).toBe(6);
    expect(output.said).toContain('2 copies, none of them bad, 2 FAILED a restore test\n');
    const signal = new AbortController().signal;
    await acceptSet(context.services, {
      database: 'geolens',
      timestamp: (await readSets(store))[0]!.timestamp,
      signal,
    });
    expect(await verify(context, 'latest', FLAGS)).toBe(0);
  });

  it('5 before 6 before 3, where several apply', () => {
    const copy = { checks: {} } as CopyReport['copy'];
    const report = (outcome: CopyReport['outcome'], damaged?: true): CopyReport => ({
      copy,
      outcome,
      artifacts: [],
      restoreTest: { outcome, reasons: [], facts: [], warnings: [], serverVersion: undefined, damaged },
      standing: undefined,
      error: undefined,
      milliseconds: 0,
    });
    const [damaged, failed, open] = [report('failed', true), report('failed'), report('inconclusive')];
    const errors = [new BackupError('STORE_FAILED', 'away')];
    const code = (...copies: CopyReport[]): number => exitCodeOfVerification({ copies, notes: [], errors });
    expect([code(open, failed, damaged), code(open, failed), code(open)]).toEqual([5, 6, 3]);
  });

  it('no secret in what it says, whatever a server or a store has answered', async () => {
    const { context, output, restoreTest } = await kitWithSet();
    restoreTest.answer = { problems: ['the answer was hunter2'], warnings: ['hunter2 is odd'] };
    const redact = (text: string): string => text.replaceAll('hunter2', '***');
    for (const json of [true, false])
      expect(await verify({ ...context, redact }, 'latest', { ...FLAGS, restore: true, json })).toBe(6);
    expect(output.said).toContain('the answer was ***');
    expect(output.said).not.toContain('hunter2');
  });

  it('3 when it cannot be proven here, and says what is lacking', async () => {
    const { context, output, restoreTest } = await kitWithSet();
    restoreTest.answer = {
      outcome: 'inconclusive',
      reasons: ['the extension postgis is not installed'],
    } satisfies RestoreTestResult;
    expect(await verify(context, 'latest', { ...FLAGS, restore: true })).toBe(3);
    expect(output.said).toContain(
      'the restore test is inconclusive:\n  - the extension postgis is not installed\n',
    );
    expect(output.logged).toMatch(/WARN .*inconclusive/);
  });

  it('1 when the only copy cannot be read to its end, and 3 when it is one of several', async () => {
    const s3 = new MemoryStore('s3');
    const { context, store, output } = await kitWithSet([s3]);
    const away = new BackupError('STORE_UNAVAILABLE', 'no answer');
    const broken = new FaultyStore(s3, ({ operation, key }) =>
      operation === 'read' && key?.endsWith('.dump') === true ? away : undefined,
    );
    const services = { ...context.services, replicas: [broken], stores: [store, broken] };
    expect(await verify({ ...context, services }, 'latest', { ...FLAGS, store: 's3' })).toBe(1);
    expect(output.logged).toContain('ERROR no answer');
    expect(await verify({ ...context, services }, 'latest', { ...FLAGS, all: true })).toBe(3);
    expect(output.said.trimEnd().split('\n').at(-1)).toMatch(
      /^\d copies, none of them bad, \d could not be read$/,
    );
  });

  it('1 when all that was to be read went away meanwhile', async () => {
    const { context, store } = await kitWithSet();
    const vanishing = new FaultyStore(store, ({ operation, key }) =>
      operation === 'read' && key?.endsWith('.dump') === true
        ? new BackupError('ARTIFACT_NOT_FOUND', 'it is gone')
        : undefined,
    );
    expect(
      await verify(
        { ...context, services: { ...context.services, primary: vanishing, stores: [vanishing] } },
        'latest',
        { ...FLAGS, all: true },
      ),
    ).toBe(1);
  });

  it('0 for a good file where there is no volume', async () => {
    const { context, store } = await kitWithSet();
    const [, bytes] = [...store.artifacts].find(([key]) => key.endsWith('.dump'))!;
    const dump = { ...sourceOf(Buffer.from(bytes)), name: 'my.dump' };
    const files = {
      ...context.services.files,
      dump: (path: string) =>
        Promise.resolve({
          label: `file ${path}`,
          timestamp: undefined,
          manifest: undefined,
          checks: {},
          artifacts: { dump },
          warnings: [],
          trusted: false,
          stored: undefined,
        }),
    };
    expect(
      await verify(
        {
          ...context,
          config: { ...context.config, backupDir: '/nowhere' },
          services: { ...context.services, files },
        },
        './my.dump',
        FLAGS,
      ),
    ).toBe(0);
  });

  it('3 when what was found could not be written down', async () => {
    const { context, store, output } = await kitWithSet();
    const readOnly = new FaultyStore(store, ({ operation }) =>
      operation === 'put' ? new BackupError('STORE_FORBIDDEN', 'locked') : undefined,
    );
    (context.services.clock as unknown as { jumpTo(date: Date): void }).jumpTo(
      new Date('2026-02-02T00:00:00Z'),
    );
    expect(
      await verify(
        { ...context, services: { ...context.services, primary: readOnly, stores: [readOnly] } },
        'latest',
        FLAGS,
      ),
    ).toBe(3);
    expect(output.logged).toContain('ERROR locked');
  });

  it('the result alone where the volume is read-only, and logs once that nothing is recorded', async () => {
    const { context, store, output, restoreTest } = await kitWithSet();
    const readOnly = new FaultyStore(store, ({ operation }) =>
      operation === 'put'
        ? new BackupError('STORE_UNAVAILABLE', 'it is read-only', withReason('volume-read-only'))
        : undefined,
    );
    const services = { ...context.services, primary: readOnly, stores: [readOnly] };
    const tested = (): Promise<number> =>
      verify({ ...context, services }, 'latest', { ...FLAGS, restore: true });
    expect(await tested()).toBe(0);
    expect(output.logged.match(/WARN .*/g)).toEqual(['WARN  results are not recorded: it is read-only']);
    expect(output.logged).not.toContain('ERROR');
    restoreTest.answer = { problems: ['the index a is not valid'] };
    expect(await tested()).toBe(6);
  });
});

it('`verify` clears away what a killed restore test has left, also when it makes none itself', async () => {
  const { context, output, restoreTest } = await kitWithSet();
  restoreTest.orphans.push('/backups/.geolens-backup-drill-1');
  expect(await verify(context, 'latest', FLAGS)).toBe(0);
  expect([restoreTest.orphans, output.logged]).toEqual([
    [],
    expect.stringContaining('.geolens-backup-drill-1'),
  ]);
  restoreTest.cleanUp = () => Promise.reject(new BackupError('STORE_FAILED', 'it is stuck'));
  expect(await verify(context, 'latest', FLAGS)).toBe(0);
  expect(output.logged).toContain(
    'WARN  what earlier restore tests left over could not be removed: it is stuck',
  );
});

describe('`verify --all`', () => {
  it('gives way to other work, and ends with a table', async () => {
    const s3 = new MemoryStore('s3');
    const { context, output, store } = await kitWithSet([s3]);
    let gaveWay = 0;
    const services = {
      ...context.services,
      lowerPriority: () => {
        gaveWay += 1;
        return Promise.resolve();
      },
    };
    expect(await verify({ ...context, services }, 'latest', { ...FLAGS, all: true })).toBe(0);
    expect(gaveWay).toBe(1);
    const lines = output.said.trimEnd().split('\n');
    expect(lines.at(-1)).toMatch(/^\d copies, none of them bad$/);
    const copies = [...(await readSets(store)), ...(await readSets(s3))];
    expect(copies.map(({ tier }) => tier)).toEqual(['daily', 'weekly', 'daily', 'weekly']);
    expect(lines).toHaveLength(2 + 2);
    expect(lines[1]).toContain('daily and weekly');
  });

  it('says so when there is nothing', async () => {
    const { context, output } = await commandKit(new MemoryStore('local'));
    expect(await verify(context, 'latest', { ...FLAGS, all: true })).toBe(0);
    expect(output.said).toBe('no sets yet\n');
  });
});

it.each([['-1'], ['x'], [' '], ['NaN']])('`verify --max-rate %j` is refused', async (maxRate) => {
  const { context } = await kitWithSet();
  await expect(verify(context, 'latest', { ...FLAGS, maxRate })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
});
