import { describe, expect, it } from 'vitest';
import { BackupError } from '@geolens/backup-core';
import { FakeDumpRestorer, FakeStagingRestorer, MemoryStore } from '@geolens/backup-core/testing';
import { cleanup, type CleanupFlags } from '../../src/commands/cleanup.ts';
import { doctor } from '../../src/commands/doctor.ts';
import { commandKit, type CommandKit } from '../support/command-kit.ts';

const FLAGS: CleanupFlags = { dryRun: false, yes: true, json: false };
const DATABASE = 'geolens_before_20260130_000000';
const FOLDER = '/nowhere/before-20260131_000000';

interface Kit extends CommandKit {
  readonly restorer: FakeDumpRestorer;
  readonly staging: FakeStagingRestorer;
}

async function kit(answer?: string): Promise<Kit> {
  const { context, output } = await commandKit(new MemoryStore());
  const [restorer, staging] = [new FakeDumpRestorer(), new FakeStagingRestorer()];
  for (const name of ['geolens', DATABASE, 'geolens_before_lunch']) restorer.databases.set(name, []);
  staging.folders.set('/nowhere', 'live').set(FOLDER, 'old files');
  const terminal =
    answer === undefined ? undefined : { ask: () => Promise.resolve(answer), status: () => undefined };
  const services = { ...context.services, restorer, stagingRestorer: staging };
  return { context: { ...context, services, io: { ...context.io, terminal } }, output, restorer, staging };
}

const left = ({ restorer, staging }: Kit): readonly string[] => [
  ...restorer.databases.keys(),
  ...staging.folders.keys(),
];

const ALL = ['geolens', DATABASE, 'geolens_before_lunch', '/nowhere', FOLDER];

describe('`cleanup`', () => {
  it('removes what restores kept, and nothing else', async () => {
    const all = await kit();
    expect(await cleanup(all.context, FLAGS)).toBe(0);
    expect(left(all)).toEqual(['geolens', 'geolens_before_lunch', '/nowhere']);
    const lines = all.output.said.split('\n').map((line) => line.split(/ {2,}/));
    expect(lines.slice(1, 3)).toEqual([
      ['database', DATABASE, '2 d', '1 B', 'removed'],
      ['folder', FOLDER, '1 d', '9 B', 'removed'],
    ]);
  });

  it('only lists in a dry run, and without the answer yes removes nothing', async () => {
    const dry = await kit('n');
    expect(await cleanup(dry.context, { ...FLAGS, dryRun: true, yes: false })).toBe(0);
    expect(dry.output.said).toContain(DATABASE);
    const refused = await kit('n');
    await expect(cleanup(refused.context, { ...FLAGS, yes: false })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect([left(dry), left(refused)]).toEqual([ALL, ALL]);
    expect(refused.restorer.openThings).toBe(0);
  });

  it('removes the rest if one cannot be removed, and ends with 3', async () => {
    const failing = await kit();
    failing.staging.fault = (operation) =>
      operation === 'dropPrevious' ? new BackupError('STAGING_FAILED', 'read-only') : undefined;
    expect(await cleanup(failing.context, FLAGS)).toBe(3);
    expect(left(failing)).toEqual(ALL.filter((name) => name !== DATABASE));
    expect(failing.output.logged).toContain('read-only');
    const inUse = await kit();
    inUse.restorer.inUse = true;
    expect(await cleanup(inUse.context, FLAGS)).toBe(3);
    expect(inUse.output.said).toMatch(/database .* stays\n/);
  });

  it('removes folders while the server does not answer', async () => {
    const away = await kit();
    away.restorer.fault = () => new BackupError('DATABASE_UNREACHABLE', 'no answer');
    expect(await cleanup(away.context, FLAGS)).toBe(3);
    expect(left(away)).toEqual(ALL.filter((name) => name !== FOLDER));
  });

  it('reports if there is nothing', async () => {
    const { context, output } = await commandKit(new MemoryStore());
    expect(await cleanup(context, FLAGS)).toBe(0);
    expect(output.said).toBe('restores have kept nothing\n');
  });
});

it('`doctor` names what restores kept', async () => {
  const { context, output } = await kit();
  await doctor(context, { json: false });
  expect(output.said).toMatch(
    new RegExp(`^OK {4}kept by restores +${DATABASE}, ${FOLDER}: 10 B, the oldest 2 d old$`, 'm'),
  );
});
