import {
  restore,
  selectSetToRestore,
  type RestoreOptions,
  type RestoreReport,
  type RestoreRequest,
  type SetCopy,
  type RunTimestamp,
  noLock,
  type Lock,
  type LockHolder,
} from '../../src/index.ts';
import { FakeDumpRestorer, FakeStagingRestorer } from '../../src/testing/index.ts';
import { RunKit, SATURDAY } from './run-kit.ts';

export const LIVE = [{ schema: 'catalog', table: 'datasets', rows: 99 }];
export const BACKED_UP = [{ schema: 'catalog', table: 'datasets', rows: 3 }];

/**
 * A server with a live database, a store with one good set of it, and everything that a restore needs, in
 * memory.
 */
export class RestoreKit extends RunKit {
  readonly restorer = new FakeDumpRestorer();
  readonly staging = new FakeStagingRestorer();
  readonly locked: LockHolder[] = [];
  readonly steps: string[] = [];

  private constructor() {
    super(SATURDAY);
  }

  static async make(): Promise<RestoreKit> {
    const kit = new RestoreKit();
    await kit.run();
    kit.restorer.databases.set('geolens', LIVE);
    kit.staging.folders.set('/staging', 'old files');
    return kit;
  }

  get lock(): Lock {
    return {
      acquire: (holder, options) => {
        this.locked.push(holder);
        return noLock.acquire(holder, options);
      },
    };
  }

  async source(wanted: 'latest' | RunTimestamp = 'latest'): Promise<SetCopy> {
    const query = { wanted, database: 'geolens', now: this.clock.now(), primary: this.store };
    return (await selectSetToRestore([this.store], query)).copy;
  }

  async restore(
    change: Partial<RestoreRequest> = {},
    options: Partial<RestoreOptions> = {},
  ): Promise<RestoreReport> {
    const { restorer, staging: stagingRestorer, producer, archiver, store: primary, lock, clock } = this;
    const request = {
      source: change.source ?? (await this.source()),
      mode: { kind: 'aside' as const },
      database: 'geolens',
      stagingTo: undefined,
      dropPrevious: false,
      dryRun: false,
      force: false,
      allowPrivilegedRoles: false,
    };
    const observer = (event: { event: string; step: string }): void => void this.steps.push(event.step);
    return restore(
      { restorer, stagingRestorer, producer, archiver, primary, lock, clock },
      { ...request, ...change },
      { signal: new AbortController().signal, observer, ...options },
    );
  }

  get openRestores(): number {
    return this.restorer.openThings + this.staging.openUnpackings + this.store.openDrafts;
  }
}
