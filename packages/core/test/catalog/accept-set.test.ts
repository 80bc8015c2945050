import { describe, expect, it } from 'vitest';
import {
  acceptSet,
  artifactKey,
  BackupError,
  errorText,
  noLock,
  readSets,
  type AcceptReport,
  type ArtifactKey,
  type ArtifactStore,
  type ErrorDetails,
  type Lock,
  type Manifest,
  type Tier,
} from '../../src/index.ts';
import { formatManifest } from '../../src/internal.ts';
import { FaultyStore, ManualClock, MemoryStore, type StoreCall } from '../../src/testing/index.ts';
import { at, manifestOf } from '../support/manifests.ts';

const T = at('20260104_020000');
const NOW = '2026-01-05T09:00:00.000Z';
const SUSPICION = { reasons: ['it shrank'], at: '2026-01-04T02:00:00.000Z' };
const failed = { checks: { content: { outcome: 'failed', at: NOW, reason: 'torn' } } } as const;
const stuck = new BackupError('STORE_FAILED', 'stuck');

function put(
  store: MemoryStore,
  tier: Tier,
  change: Partial<Manifest> = { suspicion: SUSPICION },
  database = 'geolens',
): void {
  const manifest = manifestOf(T, database, change);
  for (const { name, bytes } of manifest.artifacts)
    store.artifacts.set(artifactKey(tier, name), new Uint8Array(bytes));
  store.artifacts.set(artifactKey(tier, `manifest-${T}.json`), Buffer.from(formatManifest(manifest)));
}

/** A store with the set in the tiers given. */
function storeWith(name: string, ...tiers: Tier[]): MemoryStore {
  const store = new MemoryStore(name);
  for (const tier of tiers) put(store, tier);
  return store;
}

const accept = (stores: readonly ArtifactStore[], lock: Lock = noLock): Promise<AcceptReport> =>
  acceptSet({ stores, clock: new ManualClock(NOW), lock }, { database: 'geolens', timestamp: T });
const states = async (store: ArtifactStore): Promise<string[]> =>
  (await readSets(store)).map(({ tier, state }) => `${tier} ${state}`);
const faulty = (store: MemoryStore, fails: (call: StoreCall) => boolean): FaultyStore =>
  new FaultyStore(store, (call) => (fails(call) ? stuck : undefined));
const content = (store: MemoryStore): string =>
  [...store.artifacts].map(([key, bytes]) => `${key} ${Buffer.from(bytes).toString()}`).join('\n');

describe('accepting a suspicious set', () => {
  it('makes it complete in every tier of every store, and says when that was', async () => {
    const [local, s3] = [storeWith('local', 'daily', 'weekly'), storeWith('s3', 'daily')];
    expect(await accept([local, s3])).toEqual({
      timestamp: T,
      accepted: [
        { store: 'local', tier: 'daily' },
        { store: 'local', tier: 'weekly' },
        { store: 's3', tier: 'daily' },
      ],
      errors: [],
    });
    for (const { manifest, ...set } of [...(await readSets(local)), ...(await readSets(s3))]) {
      expect(set).toMatchObject({ state: 'complete', suspicion: undefined, acceptedAt: NOW });
      expect(manifest).toEqual(manifestOf(T, 'geolens', { suspicion: SUSPICION }));
    }
  });

  it('holds the lock meanwhile, and gives it back whatever comes', async () => {
    const reported: string[] = [];
    const lock: Lock = {
      acquire: ({ command }) => {
        reported.push(command);
        return Promise.resolve({
          lost: new AbortController().signal,
          release: () => Promise.resolve(void reported.push('free')),
        });
      },
    };
    await accept([storeWith('local', 'daily')], lock);
    await expect(accept([new MemoryStore('local')], lock)).rejects.toMatchObject({ code: 'SET_NOT_FOUND' });
    expect(reported).toEqual(['accept', 'free', 'accept', 'free']);
  });

  it('stops when its lock is lost', async () => {
    const store = storeWith('local', 'daily');
    const lost = new BackupError('LOCK_LOST', 'flock was killed');
    const lock: Lock = {
      acquire: () => Promise.resolve({ lost: AbortSignal.abort(lost), release: () => Promise.resolve() }),
    };
    await expect(accept([store], lock)).rejects.toBe(lost);
    expect(await states(store)).toEqual(['daily suspicious']);
  });

  it('is done in the others when a store cannot be asked, or a copy cannot be changed', async () => {
    for (const operation of ['list', 'put']) {
      const [local, s3] = [storeWith('local', 'daily'), storeWith('s3', 'daily')];
      const report = await accept([faulty(local, (call) => call.operation === operation), s3]);
      expect(report).toEqual({ timestamp: T, accepted: [{ store: 's3', tier: 'daily' }], errors: [stuck] });
      expect(await states(s3)).toEqual(['daily complete']);
    }
  });

  it('is finished when it is repeated', async () => {
    const local = storeWith('local', 'daily', 'weekly');
    const failing = faulty(
      local,
      ({ operation, key }) => operation === 'put' && key?.startsWith('weekly/') === true,
    );
    expect((await accept([failing])).errors).toEqual([stuck]);
    expect(await states(local)).toEqual(['daily complete', 'weekly suspicious']);
    expect((await accept([failing])).errors).toEqual([stuck]);
    expect(await accept([local])).toEqual({
      timestamp: T,
      accepted: [{ store: 'local', tier: 'weekly' }],
      errors: [],
    });
    expect(await states(local)).toEqual(['daily complete', 'weekly complete']);
  });

  it('fails when nothing could be done at all', async () => {
    for (const operation of ['list', 'put']) {
      const all = [storeWith('local', 'daily'), storeWith('s3', 'daily')].map((store) =>
        faulty(store, (call) => call.operation === operation),
      );
      await expect(accept(all)).rejects.toBe(stuck);
    }
  });

  it('clears the suspicion of a copy that is bad too, and leaves it bad', async () => {
    const [local, s3] = [new MemoryStore('local'), storeWith('s3', 'daily')];
    put(local, 'daily', { suspicion: SUSPICION, ...failed });
    expect((await accept([local, s3])).accepted).toHaveLength(2);
    expect((await readSets(local))[0]).toMatchObject({ state: 'bad', ...failed, acceptedAt: NOW });
    expect((await readSets(local))[0]?.suspicion).toBeUndefined();
  });
});

describe('a set that is not suspicious', () => {
  it('stays as it is', async () => {
    const store = new MemoryStore('local');
    put(store, 'daily', {});
    const before = content(store);
    expect(await accept([store])).toEqual({ timestamp: T, accepted: [], errors: [] });
    expect(content(store)).toBe(before);
  });

  it.each<[string, (store: MemoryStore) => void, string, ErrorDetails?]>([
    [
      'bad',
      (store) => {
        put(store, 'daily', failed);
      },
      `set ${T} cannot be accepted: it is bad (daily, local): it failed the check "readable" at ${NOW}: torn. Only`,
    ],
    [
      'bad as well as suspicious',
      (store) => {
        put(store, 'daily', { suspicion: SUSPICION, ...failed });
      },
      'it is bad (daily, local)',
    ],
    [
      'legacy',
      (store) => store.artifacts.set(`daily/geolens_${T}.dump` as ArtifactKey, new Uint8Array(1)),
      'it is legacy (daily, local): it has no manifest. Only',
    ],
    [
      'partial',
      (store) => {
        put(store, 'daily');
        store.artifacts.delete(`daily/staging-${T}.tar.gz` as ArtifactKey);
      },
      `it is partial (daily, local): staging-${T}.tar.gz is missing. Only`,
    ],
    ['not there', () => undefined, `there is no set ${T} of database "geolens"`, { reason: 'set-missing' }],
    [
      'of another database',
      (store) => {
        put(store, 'daily', { suspicion: SUSPICION }, 'other');
      },
      `there is no set ${T} of database "geolens". Choose one`,
      { reason: 'set-of-other-database', databases: ['other'] },
    ],
  ])('is refused when it is %s', async (_title, prepare, words, details = { reason: 'not-suspicious' }) => {
    const store = new MemoryStore('local');
    prepare(store);
    const before = content(store);
    const refusal: unknown = await accept([store]).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'SET_NOT_FOUND', details });
    expect(errorText(refusal)).toContain(words);
    expect(content(store)).toBe(before);
  });

  it('is not found, with a word on the store that could not be asked', async () => {
    await expect(
      accept([new MemoryStore('local'), faulty(new MemoryStore('s3'), () => true)]),
    ).rejects.toMatchObject({
      message:
        'there is no set 20260104_020000 of database "geolens" (not every store could be asked: stuck)',
      details: { reason: 'set-missing' },
    });
  });
});
