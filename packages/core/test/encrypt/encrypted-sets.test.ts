import { beforeEach, describe, expect, it } from 'vitest';
import {
  EncryptedStore,
  parseManifest,
  readSets,
  selectSets,
  TO_VERIFY,
  verify,
  withDetails,
  type ArtifactKey,
  type ArtifactStore,
  type Cipher,
  type RunReport,
  type SetCopy,
  type VerifyReport,
} from '../../src/index.ts';
import { MemoryRecords } from '../../src/ports/replica-records.ts';
import {
  FakeCipher,
  FakeRestoreTester,
  FaultyStore,
  MemoryStore,
  sourceOf,
  type StoreCall,
} from '../../src/testing/index.ts';
import { RunKit, SATURDAY, SUNDAY } from '../support/run-kit.ts';

const NO_KEY = new FakeCipher(['alice', 'escrow'], []);
const ALICE = new FakeCipher([], ['alice']);
const BOB = new FakeCipher([], ['bob']);

/** A volume and a replica that gets encrypted sets. */
class EncryptedKit extends RunKit {
  readonly replica = new MemoryStore('s3', new MemoryRecords());
  readonly restoreTest = new FakeRestoreTester();
  replicaCalls: readonly StoreCall[] = [];

  /** Runs as a new process does, which remembers nothing of the cipher texts. */
  async encryptedRun(
    cipher: Cipher = NO_KEY,
    fault: (call: StoreCall) => Error | undefined = () => undefined,
  ): Promise<RunReport> {
    const faulty = new FaultyStore(this.replica, fault);
    this.replicaCalls = faulty.calls;
    return this.run({ replicas: [new EncryptedStore(faulty, cipher)] });
  }

  /** Runs with an encrypted volume. */
  async wholeRun(cipher: Cipher = NO_KEY): Promise<RunReport> {
    const faulty = new FaultyStore(this.replica, () => undefined);
    this.replicaCalls = faulty.calls;
    const parts = { cipher, restoreTest: this.restoreTest, replicas: [new EncryptedStore(faulty, cipher)] };
    return this.run(parts, { verify: 'restore' });
  }

  nextDay(days = 1): void {
    this.clock.jumpTo(new Date(this.clock.now().getTime() + days * 86_400_000));
  }

  sent(): string[] {
    return this.replicaCalls
      .filter(({ operation }) => operation === 'put' || operation === 'copy')
      .map(({ operation, key }) => `${operation} ${key ?? ''}`);
  }

  async copies(store: ArtifactStore, cipher?: Cipher): Promise<readonly SetCopy[]> {
    const query = { wanted: 'all', database: 'geolens', now: this.clock.now(), cipher } as const;
    return (await selectSets([store], query, TO_VERIFY)).copies;
  }

  async verified(store: ArtifactStore, cipher?: Cipher, restore = false): Promise<VerifyReport> {
    const { producer, archiver, restoreTest, clock } = this;
    const { signal } = new AbortController();
    const lock = { acquire: () => Promise.resolve({ lost: signal, release: () => Promise.resolve() }) };
    const copies = await this.copies(store, cipher);
    return verify({ producer, archiver, restoreTest, clock, lock }, { copies, restore }, { signal });
  }
}

let kit: EncryptedKit;
beforeEach(() => {
  kit = new EncryptedKit(SATURDAY);
});

const namesOf = (store: MemoryStore): string[] =>
  [...store.artifacts.keys()].filter((name) => name !== 'daily/RESTORE.txt').sort();
const ENCRYPTED = [
  'daily/geolens_20260103_020000.dump.age',
  'daily/globals-20260103_020000.sql.age',
  'daily/manifest-20260103_020000.json',
  'daily/manifest-20260103_020000.json.age',
  'daily/staging-20260103_020000.tar.gz.age',
];

describe('a run with a replica whose artifacts are encrypted', () => {
  it('leaves plain artifacts on the volume and encrypted ones in the replica', async () => {
    const report = await kit.encryptedRun();
    expect(report.errors).toEqual([]);
    expect(namesOf(kit.store).every((name) => !name.endsWith('.age'))).toBe(true);
    expect(namesOf(kit.replica)).toEqual(ENCRYPTED);
  });

  it('leaves no name of a table, no row count, no extension, owner, warning or reason in the replica', async () => {
    kit.producer.rows = [{ schema: 'secret_schema', table: 'secret_table', rows: 918_273 }];
    await kit.encryptedRun();
    const all = Buffer.concat([...kit.replica.artifacts.values()]).toString('latin1');
    expect(all).not.toMatch(/secret|918273|postgis|"owner"|collate/i);
    const text = Buffer.from(kit.replica.artifacts.get(ENCRYPTED[2] as ArtifactKey) ?? []).toString();
    const manifest = parseManifest(text);
    expect(manifest.encryption).toEqual({ scheme: 'fake', recipients: ['alice', 'escrow'] });
    expect(manifest.artifacts.map(({ kind, rowCounts }) => [kind, rowCounts])).toEqual([
      ['details', undefined],
      ['dump', undefined],
      ['globals', undefined],
      ['staging', undefined],
    ]);
  });

  it('sends nothing again in the next run, and copies the weekly set within the replica', async () => {
    await kit.encryptedRun();
    kit.nextDay();
    expect(new Date(SUNDAY)).toEqual(kit.clock.now());
    await kit.encryptedRun();
    expect(kit.sent().filter((call) => call.includes('20260103'))).toEqual([]);
    expect(kit.sent().filter((call) => call.includes('weekly'))).toEqual([
      'copy weekly/globals-20260104_020000.sql.age',
      'copy weekly/staging-20260104_020000.tar.gz.age',
      'copy weekly/geolens_20260104_020000.dump.age',
      'copy weekly/manifest-20260104_020000.json.age',
      'copy weekly/manifest-20260104_020000.json',
    ]);
    expect((await readSets(kit.replica)).map(({ tier, state }) => `${tier} ${state}`)).toEqual([
      'daily complete',
      'weekly complete',
      'daily complete',
    ]);
  });

  it('completes what an earlier process did not, with the digests of what that one sent', async () => {
    await kit.encryptedRun(NO_KEY, ({ key, operation }) =>
      operation === 'put' && key?.includes('manifest') === true ? new Error('no') : undefined,
    );
    expect(namesOf(kit.replica)).toHaveLength(3);
    kit.nextDay();
    expect((await kit.encryptedRun()).errors).toEqual([]);
    expect(kit.sent().filter((call) => call.includes('20260103'))).toEqual([
      'put daily/globals-20260103_020000.sql.age',
      'put daily/staging-20260103_020000.tar.gz.age',
      'put daily/geolens_20260103_020000.dump.age',
      'put daily/manifest-20260103_020000.json.age',
      'put daily/manifest-20260103_020000.json',
    ]);
    expect((await readSets(kit.replica)).map(({ state }) => state)).toContain('complete');
  });

  it('leaves plain sets of before as they are, and encrypted ones when the encryption ends', async () => {
    await kit.run({ replicas: [kit.replica] });
    kit.nextDay();
    await kit.encryptedRun();
    kit.nextDay();
    const report = await kit.encryptedRun(new FakeCipher([], []));
    expect(report.errors).toEqual([]);
    expect(namesOf(kit.replica).filter((name) => name.includes('.dump'))).toEqual([
      'daily/geolens_20260103_020000.dump',
      'daily/geolens_20260104_020000.dump.age',
      'daily/geolens_20260105_020000.dump',
      'weekly/geolens_20260104_020000.dump.age',
    ]);
    expect((await readSets(kit.replica)).map(({ state }) => state)).toEqual(Array(4).fill('complete'));
  });

  it.each([
    ['plain', 'encrypted', undefined, NO_KEY],
    ['encrypted', 'plain', NO_KEY, new FakeCipher([], [])],
  ] as const)(
    'replaces a %s copy that lost its dump by an %s one, as a whole',
    async (_, form, before, after) => {
      await kit.run({
        replicas: [before === undefined ? kit.replica : new EncryptedStore(kit.replica, before)],
      });
      for (const name of namesOf(kit.replica).filter((one) => one.includes('.dump')))
        await kit.replica.remove(name as ArtifactKey);
      kit.nextDay();
      const report = await kit.run({ replicas: [new EncryptedStore(kit.replica, after)] });
      expect(report.errors).toEqual([]);
      expect((await readSets(kit.replica)).map(({ state }) => state)).toEqual(Array(3).fill('complete'));
      const names = namesOf(kit.replica).filter(
        (name) => name.includes('20260103') && !name.includes('manifest'),
      );
      expect(names.every((name) => name.endsWith('.age') === (form === 'encrypted'))).toBe(true);
    },
  );

  it('sends a copy again whose bytes another one replaced, also after a check without a key', async () => {
    await kit.run({ replicas: [new EncryptedStore(kit.replica, NO_KEY)] });
    await kit.verified(kit.replica);
    kit.replica.artifacts.set(ENCRYPTED[0] as ArtifactKey, Buffer.from('x'));
    kit.nextDay();
    await kit.run({ replicas: [new EncryptedStore(kit.replica, NO_KEY)] });
    expect((await kit.verified(kit.replica, ALICE)).copies.map(({ outcome }) => outcome)).toEqual(
      Array(3).fill('passed'),
    );
  });

  it('leaves a copy alone whose tags alone differ from those that were recorded', async () => {
    await kit.run({ replicas: [new EncryptedStore(kit.replica, NO_KEY)] });
    const before = new Map(kit.replica.artifacts);
    const records = await kit.replica.records!.read();
    const key = ENCRYPTED[0] as ArtifactKey;
    await kit.replica.records!.update(new Map([[key, { ...records.get(key)!, tag: 'another' }]]));
    kit.nextDay();
    const report = await kit.run({ replicas: [new EncryptedStore(kit.replica, NO_KEY)] });
    expect(report.errors).toEqual([]);
    for (const name of ENCRYPTED)
      expect(kit.replica.artifacts.get(name as ArtifactKey)).toEqual(before.get(name as ArtifactKey));
    kit.nextDay();
    expect((await kit.run({ replicas: [new EncryptedStore(kit.replica, NO_KEY)] })).errors).toEqual([]);
  });

  it('sends a copy again whose bytes another one replaced', async () => {
    await kit.run({ replicas: [new EncryptedStore(kit.replica, NO_KEY)] });
    const key = ENCRYPTED[0] as ArtifactKey;
    kit.replica.artifacts.set(key, Buffer.from('x'));
    kit.nextDay();
    const report = await kit.run({ replicas: [new EncryptedStore(kit.replica, NO_KEY)] });
    expect(report.errors.map(({ code }) => code)).toEqual(['ARTIFACT_MISMATCH']);
    expect((await kit.verified(kit.replica, ALICE)).copies.map(({ outcome }) => outcome)).toEqual(
      Array(3).fill('passed'),
    );
  });
});

describe('an encrypted set', () => {
  beforeEach(async () => {
    await kit.encryptedRun();
  });

  it('is read, and its whole manifest too, with an identity', async () => {
    const [copy] = await kit.copies(kit.replica, ALICE);
    const { manifest } = await withDetails(copy!);
    const [plain] = await readSets(kit.store);
    expect(manifest?.artifacts.find(({ kind }) => kind === 'dump')?.rowCounts).toEqual(
      plain?.manifest?.artifacts.find(({ kind }) => kind === 'dump')?.rowCounts,
    );
    expect(manifest?.extensions).toEqual(plain?.manifest?.extensions);
    const report = await kit.verified(kit.replica, ALICE, true);
    expect(report.copies[0]).toMatchObject({ outcome: 'passed', restoreTest: { outcome: 'passed' } });
  });

  it('is verified as far as its bytes without an identity, and is inconclusive', async () => {
    const [report] = (await kit.verified(kit.replica)).copies;
    expect(report?.outcome).toBe('inconclusive');
    expect(report?.artifacts.map(({ unjudged }) => unjudged).join()).toContain('encrypted to alice, escrow');
    const [set] = await readSets(kit.replica);
    expect(set?.checks).toMatchObject({ checksum: { outcome: 'passed' } });
    expect(set?.checks.restoreTest).toBeUndefined();
  });

  it('is inconclusive, not bad, with the identity of another', async () => {
    const [report] = (await kit.verified(kit.replica, BOB, true)).copies;
    expect(report?.outcome).toBe('inconclusive');
    expect(report?.artifacts.map(({ unjudged }) => unjudged).join()).toContain(
      'no given identity opens it (bob)',
    );
    expect(report?.restoreTest?.outcome).toBe('inconclusive');
  });

  it.each(ENCRYPTED)('is bad if one bit of %s differs, with and without an identity', async (name) => {
    const key = name as ArtifactKey;
    const good = kit.replica.artifacts.get(key) ?? new Uint8Array();
    const flipped = Uint8Array.from(good);
    const at = Math.floor(good.length / 2);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    for (const cipher of [ALICE, undefined]) {
      kit.replica.artifacts.set(key, flipped);
      const [report] = (await kit.verified(kit.replica, cipher)).copies;
      expect(report?.outcome, name).toBe('failed');
      kit.replica.artifacts.delete('daily/state-20260103_020000.json');
    }
  });

  it('is bad if its details are another manifest of the same artifacts', async () => {
    const plain = Buffer.from(kit.store.artifacts.get(ENCRYPTED[2] as ArtifactKey) ?? []).toString();
    const forged = plain.replace('"toolVersion": "1.2.3"', '"toolVersion": "6.6.6"');
    const { bytes, content } = await NO_KEY.encrypt(sourceOf(forged));
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) chunks.push(chunk);
    expect(bytes).toBe(Buffer.concat(chunks).length);
    const key = ENCRYPTED[3] as ArtifactKey;
    kit.replica.artifacts.set(key, Buffer.concat(chunks));
    const [copy] = await kit.copies(kit.replica, ALICE);
    await expect(withDetails(copy!)).rejects.toMatchObject({ code: 'ARTIFACT_UNREADABLE' });
  });

  it('is bad if its artifacts or details are those of another set', async () => {
    kit.nextDay();
    kit.producer.rows = [{ schema: 'public', table: 'other', rows: 7 }];
    await kit.encryptedRun();
    for (const kind of ['manifest-%.json.age', 'geolens_%.dump.age']) {
      const [key, other] = ['20260103_020000', '20260104_020000'].map(
        (timestamp) => `daily/${kind.replace('%', timestamp)}` as ArtifactKey,
      );
      const before = kit.replica.artifacts.get(key!) ?? new Uint8Array();
      kit.replica.artifacts.set(key!, kit.replica.artifacts.get(other!) ?? new Uint8Array());
      const { copies } = await kit.verified(kit.replica, ALICE);
      const report = copies.find(({ copy }) => copy.timestamp === '20260103_020000');
      expect(report?.outcome, kind).toBe('failed');
      kit.replica.artifacts.set(key!, before);
      kit.replica.artifacts.delete('daily/state-20260103_020000.json');
    }
  });
});

describe('a volume whose sets are encrypted', () => {
  it('has no plain artifact, whose restore was tested before, and gives the replica the same bytes', async () => {
    const report = await kit.wholeRun();
    expect(report.errors).toEqual([]);
    expect(report.restoreTest?.outcome).toBe('passed');
    expect(report.manifest?.artifacts.find(({ kind }) => kind === 'dump')?.rowCounts).toBeDefined();
    expect(namesOf(kit.store).filter((name) => !name.includes('state-'))).toEqual(ENCRYPTED);
    expect(kit.store.openDrafts).toBe(0);
    for (const name of ENCRYPTED)
      expect(kit.replica.artifacts.get(name as ArtifactKey)).toEqual(
        kit.store.artifacts.get(name as ArtifactKey),
      );
    const sets = await readSets(kit.store);
    expect(sets.map(({ state, checks }) => [state, checks.restoreTest?.outcome])).toEqual([
      ['complete', 'passed'],
    ]);
  });

  it('is promoted, kept and replicated like any other', async () => {
    for (let day = 0; day < 6; day += 1) {
      const report = await kit.wholeRun();
      expect(report.errors).toEqual([]);
      kit.nextDay();
    }
    const sets = await kit.sets();
    expect(sets.map(({ tier, state }) => `${tier} ${state}`)).toEqual([
      'daily complete',
      'daily complete',
      'daily complete',
      'weekly complete',
    ]);
    expect(await readSets(kit.replica)).toHaveLength(7);
  });

  it('changes to plain sets and back without sending anything twice', async () => {
    await kit.wholeRun();
    kit.nextDay();
    await kit.encryptedRun();
    kit.nextDay();
    const report = await kit.wholeRun();
    expect(report.errors).toEqual([]);
    expect(kit.sent().filter((call) => call.includes('_0200') && !call.includes('20260105'))).toEqual([]);
    expect((await readSets(kit.replica)).map(({ state }) => state)).toEqual(Array(4).fill('complete'));
  });

  it('keeps no reason of a failed restore test in plain text', async () => {
    kit.restoreTest.answer = { outcome: 'failed', problems: ['secret_table lacks rows'] };
    await kit.wholeRun();
    const all = Buffer.concat([...kit.store.artifacts.values()]).toString('latin1');
    expect(all).not.toMatch(/secret/);
  });
});
