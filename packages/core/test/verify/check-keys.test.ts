import { beforeEach, describe, expect, it } from 'vitest';
import {
  BackupError,
  checkKeys,
  EncryptedStore,
  parseManifest,
  type ArtifactKey,
  type KeyCheck,
} from '../../src/index.ts';
import { formatManifest } from '../../src/internal.ts';
import { FakeCipher, FaultyStore, MemoryStore } from '../../src/testing/index.ts';
import { RunKit } from '../support/run-kit.ts';

const CIPHER = new FakeCipher(['alice', 'escrow'], []);
const ALICE = new FakeCipher([], ['alice']);

let kit: RunKit;
let bucket: MemoryStore;

beforeEach(async () => {
  kit = new RunKit();
  bucket = new MemoryStore('s3');
  await run(CIPHER);
});

async function run(cipher: FakeCipher): Promise<void> {
  await kit.run({ replicas: [new EncryptedStore(bucket, cipher)] });
  kit.clock.jumpTo(new Date(kit.clock.now().getTime() + 86_400_000));
}

const checks = (cipher = ALICE, stores = [kit.store, bucket]): Promise<readonly KeyCheck[]> =>
  checkKeys(kit, stores, {
    database: 'geolens',
    now: kit.clock.now(),
    cipher,
    signal: new AbortController().signal,
  });

/** Changes the content of the artifacts of the bucket whose names match. */
function change(name: RegExp, changed: (content: Uint8Array) => Uint8Array): void {
  for (const [key, content] of bucket.artifacts)
    if (name.test(key)) bucket.artifacts.set(key, changed(content));
}

describe('the check of identities', () => {
  it('opens the newest encrypted set, and names the recipient', async () => {
    await run(CIPHER);
    const newest = [...bucket.artifacts.keys()]
      .filter((key) => key.endsWith('.dump.age'))
      .sort()
      .at(-1)!;
    expect(await checks()).toMatchObject([
      { store: 'memory', outcome: 'skipped', copy: undefined, error: undefined },
      { store: 's3', outcome: 'passed', recipient: 'alice', error: undefined },
    ]);
    expect(newest).toContain((await checks())[1]!.copy!.timestamp);
  });

  it('names the first of several identities: the others were not needed', async () => {
    const [, check] = await checks(new FakeCipher([], ['bob', 'escrow', 'alice']));
    expect(check).toMatchObject({ outcome: 'passed', recipient: 'escrow' });
  });

  it('fails for an identity of another recipient, without reading the dump', async () => {
    const faulty = new FaultyStore(bucket, () => undefined);
    const [, check] = await checks(new FakeCipher([], ['bob']), [
      kit.store,
      faulty as unknown as MemoryStore,
    ]);
    expect(check).toMatchObject({ outcome: 'failed', recipient: undefined, error: { code: 'KEY_MISSING' } });
    expect(check!.error!.message).toContain('is encrypted to alice, escrow, and no given identity');
    expect(faulty.calls.filter(({ key }) => key?.includes('.dump') === true)).toEqual([]);
  });

  it.each([
    ['the dump', /\.dump\.age$/],
    ['the details', /manifest-.*\.age$/],
  ])('fails for a changed byte in %s', async (_, name) => {
    change(name, (bytes) => bytes.with(-1, bytes.at(-1)! ^ 1));
    const [, check] = await checks();
    expect(check!.error?.code).toBe('ARTIFACT_UNREADABLE');
    expect(check).toMatchObject({ outcome: 'failed', recipient: undefined });
  });

  it('fails for a plain dump in the place of the encrypted one, which no identity has to open', async () => {
    const [key, dump] = [...kit.store.artifacts].find(([name]) => name.endsWith('.dump'))!;
    change(/manifest-[^.]*\.json$/, (text) => {
      const manifest = parseManifest(Buffer.from(text).toString());
      const artifacts = manifest.artifacts.map(({ plain, ...entry }) =>
        entry.kind === 'dump'
          ? { ...entry, ...plain, name: entry.name.replace('.age', '') }
          : { ...entry, plain },
      );
      return Buffer.from(formatManifest({ ...manifest, artifacts }));
    });
    bucket.artifacts.delete(`${key}.age` as ArtifactKey);
    bucket.artifacts.set(key, dump);
    const [, check] = await checks();
    expect(check).toMatchObject({ outcome: 'failed', recipient: undefined });
    expect(check!.error!.message).toContain('lacks its encrypted details or dump');
  });

  it('is inconclusive for a store, or a dump, that cannot be read', async () => {
    for (const fault of ['list', 'read'] as const) {
      const faulty = new FaultyStore(bucket, ({ operation, key }) =>
        operation === fault && (fault === 'list' || key?.endsWith('.dump.age') === true)
          ? new BackupError('STORE_UNAVAILABLE', 'away')
          : undefined,
      );
      expect(await checks(ALICE, [kit.store, faulty as unknown as MemoryStore])).toMatchObject([
        { outcome: 'skipped' },
        { outcome: 'inconclusive', recipient: undefined, error: { code: 'STORE_UNAVAILABLE' } },
      ]);
    }
  });

  it('ignores sets of other databases and from the future', async () => {
    const of = { now: kit.clock.now(), cipher: ALICE, signal: new AbortController().signal };
    const outcomes = async (request: { database?: string; now?: Date }): Promise<unknown> =>
      (await checkKeys(kit, [bucket], { database: 'geolens', ...of, ...request })).map(
        ({ outcome }) => outcome,
      );
    expect(await outcomes({})).toEqual(['passed']);
    expect(await outcomes({ database: 'other' })).toEqual(['skipped']);
    expect(await outcomes({ now: new Date('2020-01-01T00:00:00Z') })).toEqual(['skipped']);
  });
});
