import { beforeEach, describe, expect, it } from 'vitest';
import {
  BackupError,
  errorText,
  parseManifest,
  type ArtifactKey,
  selectSets,
  selectSetToRestore,
  TO_RESTORE,
  TO_VERIFY,
  type ArtifactStore,
  type RunTimestamp,
} from '../../src/index.ts';
import { formatManifest } from '../../src/internal.ts';
import { FaultyStore, MemoryStore } from '../../src/testing/index.ts';
import { RunKit } from '../support/run-kit.ts';

const day = (number: number): RunTimestamp => `2026010${number}_020000` as RunTimestamp;

const NOW = new Date('2026-01-10T00:00:00Z');

type Found = Awaited<ReturnType<typeof selectSetToRestore>>;

function findIn(
  stores: readonly ArtifactStore[],
  wanted: 'latest' | RunTimestamp,
  options: { database: string; now: Date; primary: ArtifactStore },
): Promise<Found> {
  return selectSetToRestore(stores, { wanted, ...options });
}

describe('the set to restore', () => {
  let kit: RunKit;
  beforeEach(async () => {
    kit = new RunKit('2026-01-01T02:00:00Z');
    await kit.runDaily(3);
  });
  const find = (
    wanted: 'latest' | RunTimestamp = 'latest',
    database = 'geolens',
    store = kit.store,
  ): Promise<Found> => findIn([store], wanted, { database, now: NOW, primary: kit.store });
  const markBad = (number: number): void => {
    const key: ArtifactKey = `daily/manifest-${day(number)}.json`;
    const manifest = parseManifest(Buffer.from(kit.store.artifacts.get(key)!).toString());
    kit.store.artifacts.set(
      key,
      Buffer.from(
        formatManifest({
          ...manifest,
          checks: { ...manifest.checks, content: { outcome: 'failed', at: '2026-01-05T00:00:00Z' } },
        }),
      ),
    );
  };
  const legacy = (number: number): void => {
    kit.store.artifacts.set(`daily/geolens_${day(number)}.dump`, new Uint8Array(1));
  };

  it('is the newest complete one', async () => {
    expect(await find()).toMatchObject({
      copy: { timestamp: day(3), label: `set ${day(3)} (daily, memory)`, warnings: [] },
      notes: [],
    });
  });

  it('is not one that failed a check, which is told', async () => {
    markBad(3);
    expect(await find()).toMatchObject({
      copy: { timestamp: day(2) },
      notes: [expect.stringMatching(/20260103_020000 .* passed over: .*failed the check "readable"/)],
    });
  });

  it('is not one that is not whole, which is told', async () => {
    kit.store.artifacts.delete(`daily/geolens_${day(3)}.dump`);
    expect(await find()).toMatchObject({
      copy: { timestamp: day(2) },
      notes: [expect.stringContaining('is missing')],
    });
  });

  it('is the newest one, be it without a manifest: a manifest is no reason to go back in time', async () => {
    legacy(9);
    expect(await find()).toMatchObject({ copy: { timestamp: day(9), manifest: undefined }, notes: [] });
    for (const number of [1, 2, 3]) markBad(number);
    kit.store.artifacts.delete(`daily/geolens_${day(9)}.dump`);
    await expect(find()).rejects.toMatchObject({ code: 'SET_NOT_FOUND' });
  });

  it('is left to the operator where a newer dump has no manifest or one that cannot be used', async () => {
    kit.store.artifacts.set(`daily/geolens_${day(9)}.dump`, new Uint8Array(1));
    kit.store.artifacts.set(`daily/globals-${day(9)}.sql`, new Uint8Array(1));
    kit.store.artifacts.set(`daily/geolens_${day(8)}.dump`, new Uint8Array(1));
    kit.store.artifacts.set(`daily/manifest-${day(8)}.json`, Buffer.from('{'));
    const error: unknown = await find().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'RESTORE_REFUSED' });
    for (const text of [
      day(9),
      'there is no manifest',
      day(8),
      `The newest whole one is set ${day(3)}`,
      'Name the set',
    ])
      expect(errorText(error)).toContain(text);
    expect(await find(day(3))).toMatchObject({ copy: { timestamp: day(3) } });
  });

  it('is the one that is named, with the reasons to mistrust it', async () => {
    markBad(2);
    expect(await find(day(2))).toMatchObject({
      copy: { timestamp: day(2), warnings: [expect.stringContaining('readable')] },
    });
  });

  it('comes from the first store that has it whole', async () => {
    const second = new MemoryStore('second');
    for (const [key, content] of kit.store.artifacts) second.artifacts.set(key, content);
    kit.store.artifacts.delete(`daily/globals-${day(3)}.sql`);
    const stores = [kit.store, second];
    expect(
      (await findIn(stores, day(3), { database: 'geolens', now: NOW, primary: kit.store })).copy.label,
    ).toBe(`set ${day(3)} (daily, second)`);
    expect(
      (await findIn(stores, day(2), { database: 'geolens', now: NOW, primary: kit.store })).copy.label,
    ).toBe(`set ${day(2)} (daily, memory)`);
    expect(
      (await findIn(stores, 'latest', { database: 'geolens', now: NOW, primary: kit.store })).copy.label,
    ).toBe(`set ${day(3)} (daily, second)`);
  });

  it('is found although another store cannot be asked, which is told', async () => {
    const away = new FaultyStore(
      new MemoryStore('away'),
      () => new BackupError('STORE_UNAVAILABLE', 'no answer'),
    );
    expect(
      await findIn([away, kit.store], 'latest', { database: 'geolens', now: NOW, primary: kit.store }),
    ).toMatchObject({ copy: { timestamp: day(3) }, notes: [expect.stringContaining('no answer')] });
    await expect(
      findIn([away], 'latest', { database: 'geolens', now: NOW, primary: kit.store }),
    ).rejects.toThrow('no answer');
  });

  it.each([TO_RESTORE, TO_VERIFY])(
    'is not known to be missing while a store cannot be asked (%#)',
    async (policy) => {
      const fault = new BackupError('STORE_UNAVAILABLE', 'no answer');
      const away = new FaultyStore(new MemoryStore('away'), () => fault);
      for (const wanted of ['latest', day(9)] as const)
        await expect(
          selectSets([new MemoryStore('local'), away], { wanted, database: 'geolens', now: NOW }, policy),
        ).rejects.toMatchObject({
          code: 'STORE_UNAVAILABLE',
          message: expect.stringMatching(/there is no set .*in local and away \(no answer\)/) as string,
        });
    },
  );

  it('is never one more than an hour in the future, unless it is named', async () => {
    const forged = new MemoryStore('bucket');
    const copy = (timestamp: string): void => {
      for (const [key, content] of kit.store.artifacts) {
        if (!key.includes(day(3))) continue;
        const isManifest = key.includes('manifest');
        const text = Buffer.from(content).toString('latin1').replaceAll(day(3), timestamp);
        forged.artifacts.set(
          key.replace(day(3), timestamp) as ArtifactKey,
          isManifest ? Buffer.from(formatManifest(parseManifest(text))) : content,
        );
      }
    };
    copy('29991231_235959');
    copy('20260110_010001');
    const stores = [kit.store, forged];
    const found = await findIn(stores, 'latest', { database: 'geolens', now: NOW, primary: kit.store });
    expect(found.copy).toMatchObject({ timestamp: day(3), trusted: true });
    expect(found.notes).toEqual([
      expect.stringMatching(/29991231_235959.*future.*write to bucket/),
      expect.stringMatching(/20260110_010001.*future/),
    ]);
    expect(
      (
        await findIn(stores, '29991231_235959' as RunTimestamp, {
          database: 'geolens',
          now: NOW,
          primary: kit.store,
        })
      ).copy,
    ).toMatchObject({ trusted: false });
    copy('20260110_005900'); // clocks differ
    expect(
      (await findIn(stores, 'latest', { database: 'geolens', now: NOW, primary: kit.store })).copy,
    ).toMatchObject({ timestamp: '20260110_005900', trusted: false });
  });

  it('comes from the volume where a replica has one of the same age, and only that is trusted', async () => {
    const replica = new MemoryStore('bucket');
    for (const [key, content] of kit.store.artifacts) replica.artifacts.set(key, content);
    const options = { database: 'geolens', now: NOW, primary: kit.store };
    expect((await findIn([kit.store, replica], 'latest', options)).copy).toMatchObject({
      label: expect.stringContaining('memory') as string,
      trusted: true,
    });
    expect((await findIn([replica], 'latest', options)).copy).toMatchObject({
      timestamp: day(3),
      trusted: false,
    });
  });

  it('is never one of another database: the error names those that there are', async () => {
    await expect(find('latest', 'atlas')).rejects.toMatchObject({
      code: 'SET_NOT_FOUND',
      details: { reason: 'other-databases', databases: ['geolens'] },
      hint: 'Choose one of the databases that have sets',
    });
    await expect(find(day(7))).rejects.toMatchObject({
      code: 'SET_NOT_FOUND',
      details: { reason: 'set-missing' },
    });
    await expect(find('latest', 'geolens', new MemoryStore())).rejects.toMatchObject({
      code: 'SET_NOT_FOUND',
    });
  });
});
