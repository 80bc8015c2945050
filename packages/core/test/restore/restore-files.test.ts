import { beforeEach, describe, expect, it } from 'vitest';
import { BackupError } from '../../src/index.ts';
import { RestoreKit } from '../support/restore-kit.ts';

const FILES = { mode: { kind: 'files' }, stagingTo: '/staging' } as const;

describe('a restore of the files alone', () => {
  let kit: RestoreKit;
  beforeEach(async () => {
    kit = await RestoreKit.make();
    kit.restorer.fault = () => new BackupError('DATABASE_UNREACHABLE', 'no answer');
  });

  const staging = (): string | undefined => kit.staging.folders.get('/staging');

  it('swaps the files under the lock and needs no database server', async () => {
    const report = await kit.restore(FILES);
    expect(report).toMatchObject({
      outcome: 'restored',
      mode: { kind: 'files' },
      errors: [],
      serverVersion: undefined,
      previousStaging: '/staging/before-1',
    });
    expect(report.members).toBeGreaterThan(0);
    expect(staging()).not.toBe('old files');
    expect(kit.locked).toEqual([{ command: 'restore' }]);
    expect(kit.steps).toEqual(['fetch', 'check', 'unpack']);
    expect(kit.openRestores).toBe(0);
  });

  it('removes the old files on request', async () => {
    expect((await kit.restore({ ...FILES, dropPrevious: true })).previousStaging).toBeUndefined();
    expect([...kit.staging.folders.keys()]).toEqual(['/staging']);
  });

  it('changes nothing in a dry run, or without confirmation', async () => {
    expect((await kit.restore({ ...FILES, dryRun: true })).outcome).toBe('checked');
    const confirm = (): Promise<boolean> => Promise.resolve(false);
    await expect(kit.restore(FILES, { confirm })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(staging()).toBe('old files');
    expect(kit.openRestores).toBe(0);
  });

  it('fails if the folder cannot be used, and if the set has warnings, unless forced', async () => {
    const source = { ...(await kit.source()), warnings: ['it is suspicious'] };
    await expect(kit.restore({ ...FILES, source })).rejects.toMatchObject({ code: 'RESTORE_REFUSED' });
    kit.staging.refused = '/staging is read-only';
    await expect(kit.restore(FILES)).rejects.toMatchObject({ message: '/staging is read-only' });
    expect(staging()).toBe('old files');
    kit.staging.refused = undefined;
    expect((await kit.restore({ ...FILES, source, force: true })).warnings).toEqual(['it is suspicious']);
  });

  it('fails before any change if the archive is damaged', async () => {
    const source = await kit.source();
    const sha256 = '0'.repeat(64);
    const artifacts = { ...source.artifacts, staging: { ...source.artifacts.staging!, sha256 } };
    await expect(kit.restore({ ...FILES, source: { ...source, artifacts } })).rejects.toMatchObject({
      code: 'ARTIFACT_UNREADABLE',
    });
    expect(staging()).toBe('old files');
  });
});
