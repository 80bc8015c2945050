import {
  noLock,
  readSets,
  selectSets,
  TO_VERIFY,
  verify,
  type ArtifactKey,
  type ArtifactStore,
  type BackupSet,
  type Lock,
  type LockHolder,
  type SetArtifact,
  type VerifyEvent,
  type VerifyReport,
  type VerifyRequest,
  type Wanted,
} from '../../src/index.ts';
import { FakeRestoreTester, MemoryStore } from '../../src/testing/index.ts';
import { RunKit } from './run-kit.ts';

/** Sets in a store and its replica, and everything that verifies them, in memory. */
export class VerifyKit extends RunKit {
  readonly replica = new MemoryStore('s3');
  readonly restoreTest = new FakeRestoreTester();
  readonly locked: LockHolder[] = [];
  readonly reported: VerifyEvent[] = [];

  get stores(): readonly ArtifactStore[] {
    return [this.store, this.replica];
  }

  get lock(): Lock {
    return {
      acquire: (holder, options) => {
        this.locked.push(holder);
        return noLock.acquire(holder, options);
      },
    };
  }

  async verify(
    wanted: Wanted,
    change: Partial<VerifyRequest> = {},
    {
      stores = this.stores,
      signal = new AbortController().signal,
    }: { readonly stores?: readonly ArtifactStore[]; readonly signal?: AbortSignal } = {},
  ): Promise<VerifyReport> {
    const { copies, notes, errors } = await selectSets(
      stores,
      { wanted, database: 'geolens', now: this.clock.now(), signal },
      TO_VERIFY,
    );
    const { producer, archiver, restoreTest, clock, lock } = this;
    const report = await verify(
      { producer, archiver, restoreTest, clock, lock },
      { copies, restore: false, ...change },
      { signal, observer: (event) => void this.reported.push(event) },
    );
    return { ...report, notes: [...notes, ...report.notes], errors: [...errors, ...report.errors] };
  }

  /** `store tier timestamp outcome` of each copy. */
  async outcomes(...args: Parameters<VerifyKit['verify']>): Promise<string[]> {
    return (await this.verify(...args)).copies.map(
      ({ copy: { stored }, outcome }) =>
        `${stored!.store.name} ${stored!.set.tier} ${stored!.set.timestamp} ${outcome}`,
    );
  }

  keyOf(
    kind: SetArtifact['kind'],
    {
      store = this.store,
      tier = 'daily',
      newest = 0,
    }: { store?: MemoryStore; tier?: string; newest?: number } = {},
  ): ArtifactKey {
    const prefix = kind === 'dump' ? 'geolens_' : `${kind}-`;
    return [...store.artifacts.keys()]
      .filter((key) => key.startsWith(`${tier}/${prefix}`))
      .sort()
      .at(-1 - newest)!;
  }

  /** Flips a bit in the middle of an artifact, as a disk may. */
  damage(key: ArtifactKey, store: MemoryStore = this.store, at = 0.5): void {
    const bytes = Buffer.from(store.artifacts.get(key)!);
    bytes[Math.floor(bytes.length * at)]! ^= 1;
    store.artifacts.set(key, bytes);
  }

  async states(store: MemoryStore = this.store): Promise<string[]> {
    return (await readSets(store)).map(({ tier, timestamp, state }) => `${tier} ${timestamp} ${state}`);
  }

  async set(tier = 'daily'): Promise<BackupSet> {
    return (await this.sets()).find((set) => set.tier === tier)!;
  }
}
