import { beforeEach, describe, expect, it } from 'vitest';
import {
  EncryptedStore,
  generateSigningKey,
  isBackupError,
  manifestSigner,
  parsePublicKeys,
  readSets,
  run,
  selectSets,
  selectSetToRestore,
  TO_VERIFY,
  trustKeys,
  type ArtifactKey,
  type RunReport,
} from '../../src/index.ts';
import { markCopy } from '../../src/catalog/mark-copy.ts';
import { signSets } from '../../src/catalog/sign-sets.ts';
import { noLock } from '../../src/ports/lock.ts';
import { MemoryRecords } from '../../src/ports/replica-records.ts';
import { FakeCipher, MemoryStore } from '../../src/testing/index.ts';
import { RunKit, SATURDAY } from '../support/run-kit.ts';

const key = generateSigningKey();
const signer = manifestSigner(key, 'here');
const trust = trustKeys([key.publicKey], 'here');
const foreign = manifestSigner(generateSigningKey(), 'here');

/** A volume and a replica whose sets have to be signed. */
class SignedKit extends RunKit {
  readonly replica = new MemoryStore('s3', new MemoryRecords());

  async signedRun(parts: Partial<Parameters<typeof run>[0]> = {}): Promise<RunReport> {
    this.store.trust = trust;
    this.replica.trust = trust;
    return this.run({ signer, replicas: [this.replica], ...parts });
  }

  nextDay(): void {
    this.clock.jumpTo(new Date(this.clock.now().getTime() + 86_400_000));
  }

  /** Changes the texts of the files of a set, and their names. */
  forge(store: MemoryStore, from: string, to: string, change: (name: string, text: Buffer) => Buffer): void {
    for (const [name, content] of [...store.artifacts])
      if (name.includes(from))
        store.artifacts.set(name.replaceAll(from, to) as ArtifactKey, change(name, Buffer.from(content)));
  }

  async states(store: MemoryStore): Promise<string[]> {
    return (await readSets(store)).map(({ tier, timestamp, state }) => `${tier} ${timestamp} ${state}`);
  }

  async latest(): Promise<string | undefined> {
    const query = { wanted: 'latest', database: 'geolens', now: this.clock.now() } as const;
    const { copy } = await selectSetToRestore([this.store, this.replica], query);
    return copy.timestamp;
  }
}

const OLD = '20260103_020000';
const MANIFEST = `daily/manifest-${OLD}.json` as ArtifactKey;
const SIGNATURE = `${MANIFEST}.minisig` as ArtifactKey;

let kit: SignedKit;
beforeEach(async () => {
  kit = new SignedKit(SATURDAY);
  expect((await kit.signedRun()).errors).toEqual([]);
});

describe('a signed set', () => {
  it('is complete in every store and tier, and the newest one', async () => {
    kit.nextDay();
    expect((await kit.signedRun()).errors).toEqual([]);
    for (const store of [kit.store, kit.replica])
      expect(await kit.states(store)).toEqual([
        'daily 20260104_020000 complete',
        'weekly 20260104_020000 complete',
        'daily 20260103_020000 complete',
      ]);
    expect(await kit.latest()).toBe('20260104_020000');
    expect([...kit.store.artifacts.keys()].filter((name) => name.endsWith('.minisig'))).toHaveLength(3);
  });

  it('passes the checks that this installation made of its copy', async () => {
    const query = { wanted: OLD as never, database: 'geolens', now: kit.clock.now() };
    const { copies } = await selectSets([kit.replica], query, TO_VERIFY);
    const passed = { outcome: 'passed', at: kit.clock.now().toISOString() } as const;
    for (const copy of copies) await markCopy(copy, { checksum: passed, content: passed });
    expect((await readSets(kit.replica))[0]?.checks).toMatchObject({ content: passed });
  });

  it('is removed with its signature', async () => {
    for (let day = 0; day < 5; day += 1) {
      kit.nextDay();
      expect((await kit.signedRun()).errors).toEqual([]);
    }
    expect([...kit.store.artifacts.keys()].filter((name) => name.includes(OLD))).toEqual([]);
  });

  it.each([
    ['without a signature', (store: MemoryStore) => store.artifacts.delete(SIGNATURE)],
    [
      'with the signature of another key',
      (store: MemoryStore) => {
        const text = Buffer.from(store.artifacts.get(MANIFEST)!).toString();
        const set = { timestamp: OLD as never, database: 'geolens' };
        store.artifacts.set(SIGNATURE, Buffer.from(foreign.sign(text, set)));
      },
    ],
    [
      'with a cut signature',
      (store: MemoryStore) => store.artifacts.set(SIGNATURE, store.artifacts.get(SIGNATURE)!.slice(0, -30)),
    ],
    ['with an empty signature', (store: MemoryStore) => store.artifacts.set(SIGNATURE, Buffer.alloc(0))],
    [
      'with an endless signature',
      (store: MemoryStore) => store.artifacts.set(SIGNATURE, Buffer.alloc(99_999)),
    ],
  ])('%s is untrusted: listed, and never the newest', async (_, change) => {
    for (const store of [kit.store, kit.replica]) {
      change(store);
      expect(await kit.states(store)).toEqual([`daily ${OLD} untrusted`]);
    }
    await expect(kit.latest()).rejects.toSatisfy((error) => isBackupError(error, 'SET_NOT_FOUND'));
  });

  it('under another name, with a changed manifest, or of another database is no good set', async () => {
    const forgeries: readonly [string, (name: string, text: Buffer) => Buffer][] = [
      ['20260103_030000', (_, text) => text],
      [
        '20260103_030000',
        (_, text) => Buffer.from(text.toString('latin1').replaceAll(OLD, '20260103_030000'), 'latin1'),
      ],
      [
        OLD,
        (name, text) =>
          name === MANIFEST ? Buffer.from(text.toString().replace('"1.2.3"', '"9.9.9"')) : text,
      ],
    ];
    for (const [name, change] of forgeries) {
      const store = new MemoryStore('s3');
      store.trust = trust;
      kit.forge(kit.store, 'nothing', '', change);
      for (const [file, content] of kit.store.artifacts)
        store.artifacts.set(file.replaceAll(OLD, name) as ArtifactKey, change(file, Buffer.from(content)));
      const states = (await readSets(store)).map(({ state }) => state);
      expect(
        states.every((state) => state === 'untrusted' || state === 'partial'),
        states.join(),
      ).toBe(true);
    }
    const other = new MemoryStore('s3');
    other.trust = trustKeys([key.publicKey], 'another installation');
    for (const [file, content] of kit.store.artifacts) other.artifacts.set(file, content);
    expect(await kit.states(other)).toEqual([`daily ${OLD} untrusted`]);
  });
});

describe('an unsigned set', () => {
  it('newer than all, in the bucket, hides none of the good ones, is no baseline, and is not verified as the newest', async () => {
    kit.nextDay();
    const forger = new RunKit('2026-01-04T01:00:00Z');
    forger.producer.rows = [{ schema: 'public', table: 'places', rows: 10_000_000 }];
    await forger.run();
    for (const [name, content] of forger.store.artifacts)
      for (const store of [kit.store, kit.replica]) store.artifacts.set(name, content);
    expect(await kit.latest()).toBe(OLD);
    const report = await kit.signedRun();
    expect(report.outcome).toBe('succeeded');
    expect(report.suspicion).toBeUndefined();
    const query = { wanted: 'latest', database: 'geolens', now: kit.clock.now() } as const;
    const { copies, notes } = await selectSets([kit.replica], query, TO_VERIFY);
    expect(copies.map(({ timestamp }) => timestamp)).toEqual(['20260104_020000', '20260104_020000']);
    expect(notes.join()).toContain('it is not trusted: it is not signed');
  });

  it('that is a lone dump neither ends the search for the newest set nor is removed', async () => {
    kit.nextDay();
    for (const store of [kit.store, kit.replica])
      store.artifacts.set('daily/geolens_20260104_010000.dump', Buffer.from('PGDMP'));
    expect(await kit.latest()).toBe(OLD);
    for (let day = 0; day < 5; day += 1) {
      await kit.signedRun();
      kit.nextDay();
    }
    expect([...kit.store.artifacts.keys()]).toContain('daily/geolens_20260104_010000.dump');
  });

  it('is restored by its name, with a warning that only force overrides', async () => {
    kit.store.artifacts.delete(SIGNATURE);
    const query = { wanted: OLD as never, database: 'geolens', now: kit.clock.now() };
    const { copy } = await selectSetToRestore([kit.store], query);
    expect(copy.warnings).toEqual(['it is not trusted: it is not signed']);
  });
});

describe('sets of before the key', () => {
  it('are signed on request, each in its store, up to a date, and are good then', async () => {
    kit = new SignedKit(SATURDAY);
    await kit.run({ replicas: [kit.replica] });
    kit.nextDay();
    await kit.run({ replicas: [kit.replica] });
    kit.store.trust = kit.replica.trust = trust;
    const asked: string[] = [];
    const request = {
      stores: [kit.store, kit.replica],
      database: 'geolens',
      before: new Date('2026-01-04T00:00:00Z'),
      signer,
      confirm: (sets: readonly { set: { timestamp: string } }[]) => {
        asked.push(...sets.map(({ set }) => set.timestamp));
        return Promise.resolve(true);
      },
    };
    await signSets(noLock, request);
    expect(asked).toEqual([OLD, OLD]);
    for (const store of [kit.store, kit.replica])
      expect(await kit.states(store)).toEqual([
        'daily 20260104_020000 untrusted',
        'weekly 20260104_020000 untrusted',
        `daily ${OLD} complete`,
      ]);
    await expect(
      signSets(noLock, {
        ...request,
        before: new Date('2026-01-05T00:00:00Z'),
        confirm: () => Promise.resolve(false),
      }),
    ).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

describe('signing the sets of before', () => {
  const request = (stores: readonly MemoryStore[], before = '2026-01-05') => ({
    ...{ stores, database: 'geolens', signer, before: new Date(before) },
    confirm: () => Promise.resolve(true),
  });

  it('is refused where a copy is another set, and judges the age by the name too', async () => {
    kit = new SignedKit(SATURDAY);
    await kit.run({ replicas: [kit.replica] });
    const other = new RunKit(SATURDAY);
    other.producer.rows = [{ schema: 'public', table: 'other', rows: 1 }];
    await other.run();
    await expect(signSets(noLock, request([kit.store, other.store]))).rejects.toMatchObject({
      code: 'REPLICA_CONFLICT',
    });
    const planted = new MemoryStore('s3');
    const text = Buffer.from(kit.store.artifacts.get(MANIFEST)!).toString();
    for (const [name, content] of kit.store.artifacts)
      planted.artifacts.set(name.replaceAll(OLD, '20270103_020000') as ArtifactKey, content);
    planted.artifacts.set(
      MANIFEST.replace(OLD, '20270103_020000') as ArtifactKey,
      Buffer.from(
        text
          .replaceAll(OLD, '20270103_020000')
          .replace(/^ *"seal.*\n/gm, '')
          .replace(/,\n}/, '\n}'),
      ),
    );
    expect(await signSets(noLock, request([planted]))).toEqual([]);
  });
});

describe('a signed set whose copies are encrypted', () => {
  it('is complete without a key, and signed again if its signature is lost', async () => {
    kit = new SignedKit(SATURDAY);
    const replicas = () => [new EncryptedStore(kit.replica, new FakeCipher(['alice'], []), signer)];
    expect((await kit.signedRun({ replicas: replicas() })).errors).toEqual([]);
    expect(await kit.states(kit.replica)).toEqual([`daily ${OLD} complete`]);
    kit.replica.artifacts.delete(SIGNATURE);
    kit.nextDay();
    const report = await kit.signedRun({ replicas: replicas() });
    expect(report.errors.map(({ message }) => message).join()).toContain('the newest signed set');
    expect(await kit.states(kit.replica)).toContain(`daily ${OLD} complete`);
  });

  it('is not signed over the manifest of another, also if a check has read it', async () => {
    kit = new SignedKit(SATURDAY);
    const replicas = () => [new EncryptedStore(kit.replica, new FakeCipher(['alice'], []), signer)];
    await kit.signedRun({ replicas: replicas() });
    const text = Buffer.from(kit.replica.artifacts.get(MANIFEST)!).toString();
    kit.replica.artifacts.set(MANIFEST, Buffer.from(text.replace('"1.2.3"', '"6.6.6"')));
    kit.replica.artifacts.delete(SIGNATURE);
    const query = { wanted: OLD as never, database: 'geolens', now: kit.clock.now() };
    const { copies } = await selectSets([kit.replica], query, TO_VERIFY);
    const at = kit.clock.now().toISOString();
    for (const copy of copies) await markCopy(copy, { checksum: { outcome: 'passed', at } });
    kit.nextDay();
    await kit.signedRun({ replicas: replicas() });
    expect(Buffer.from(kit.replica.artifacts.get(MANIFEST)!).toString()).not.toContain('6.6.6');
    expect(await kit.states(kit.replica)).toContain(`daily ${OLD} complete`);
  });

  it('is not signed over a manifest or a cipher text of another', async () => {
    kit = new SignedKit(SATURDAY);
    const replicas = () => [new EncryptedStore(kit.replica, new FakeCipher(['alice'], []), signer)];
    await kit.signedRun({ replicas: replicas() });
    const text = Buffer.from(kit.replica.artifacts.get(MANIFEST)!).toString();
    kit.replica.artifacts.set(MANIFEST, Buffer.from(text.replace('"1.2.3"', '"6.6.6"')));
    kit.replica.artifacts.delete(SIGNATURE);
    kit.nextDay();
    const report = await kit.signedRun({ replicas: replicas() });
    expect(report.outcome).toBe('with-errors');
    const signed = kit.replica.artifacts.has(SIGNATURE);
    expect(signed ? await kit.states(kit.replica) : [`daily ${OLD} untrusted`]).toContain(
      signed ? `daily ${OLD} complete` : `daily ${OLD} untrusted`,
    );
    expect(Buffer.from(kit.replica.artifacts.get(MANIFEST)!).toString().includes('6.6.6') && signed).toBe(
      false,
    );
  });

  it('is complete on an encrypted volume too', async () => {
    kit = new SignedKit(SATURDAY);
    const cipher = new FakeCipher(['alice'], []);
    const replicas = [new EncryptedStore(kit.replica, cipher, signer)];
    expect((await kit.signedRun({ replicas, cipher })).errors).toEqual([]);
    for (const store of [kit.store, kit.replica])
      expect(await kit.states(store)).toEqual([`daily ${OLD} complete`]);
  });
});

describe('a bucket that was set back', () => {
  it('is reported, once, and gets its sets again', async () => {
    for (const name of [...kit.replica.artifacts.keys()]) kit.replica.artifacts.delete(name);
    kit.nextDay();
    const report = await kit.signedRun();
    expect(report.errors.map(({ message }) => message)).toEqual([
      `s3 lacks ${SIGNATURE}, of the newest signed set that was stored there: it was removed, or the store was set back`,
    ]);
    expect(await kit.states(kit.replica)).toContain(`daily ${OLD} complete`);
    kit.nextDay();
    expect((await kit.signedRun()).errors).toEqual([]);
  });
});

it('keys are read from the text that operators paste', () => {
  expect(parsePublicKeys(key.publicKey.text)).toEqual([key.publicKey]);
});
