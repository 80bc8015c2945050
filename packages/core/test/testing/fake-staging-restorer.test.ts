import { describe, expect, it } from 'vitest';
import { FakeStagingRestorer, sourceOf } from '@geolens/backup-core/testing';

const options = { signal: new AbortController().signal };

describe('the restorer in memory', () => {
  it('changes a folder at the swap, keeps the old content, and drops it when told to', async () => {
    const restorer = new FakeStagingRestorer();
    restorer.folders.set('/staging', 'old');
    const unpacked = await restorer.unpack(sourceOf('new'), '/staging', options);
    expect([restorer.folders.get('/staging'), restorer.openUnpackings]).toEqual(['old', 1]);
    const { previous } = await unpacked.swap();
    await unpacked.discard();
    expect([
      restorer.folders.get('/staging'),
      restorer.folders.get(previous!),
      restorer.openUnpackings,
    ]).toEqual(['new', 'old', 0]);
    await restorer.dropPrevious(previous!);
    expect([...restorer.folders.keys()]).toEqual(['/staging']);
    expect(restorer.calls.map(({ operation }) => operation)).toEqual([
      'unpack',
      'swap',
      'discard',
      'dropPrevious',
    ]);
  });

  it('fails when it is told to, and is swapped once at most', async () => {
    const restorer = new FakeStagingRestorer();
    const unpacked = await restorer.unpack(sourceOf('new'), '/staging', options);
    restorer.fault = (operation) => (operation === 'swap' ? new Error('no') : undefined);
    await expect(unpacked.swap()).rejects.toThrow('no');
    restorer.fault = () => undefined;
    await unpacked.discard();
    await expect(unpacked.swap()).rejects.toMatchObject({ code: 'STAGING_FAILED' });
    expect([restorer.folders.size, restorer.openUnpackings]).toEqual([0, 0]);
  });

  it('answers what it is told to', async () => {
    const restorer = new FakeStagingRestorer();
    restorer.refused = 'read-only';
    restorer.orphans = ['removed a folder'];
    expect(await restorer.refusal('/staging')).toBe('read-only');
    expect([await restorer.recover('/staging'), await restorer.recover('/staging')]).toEqual([
      ['removed a folder'],
      [],
    ]);
  });
});
