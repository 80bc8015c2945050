import {
  keepNewest,
  noLock,
  readSets,
  run,
  type BackupSet,
  type RunEvent,
  type RunOptions,
  type RunParts,
  type RunReport,
} from '../../src/index.ts';
import {
  FakeArchiver,
  FakeDumpProducer,
  FaultyStore,
  ManualClock,
  MemoryJournal,
  MemoryStore,
  type StoreCall,
} from '../../src/testing/index.ts';

export const SATURDAY = '2026-01-03T02:00:00Z';
export const SUNDAY = '2026-01-04T02:00:00Z';
export const DAY = 86_400_000;

/** Everything that a run needs, in memory, and open to the test. */
export class RunKit {
  readonly store = new MemoryStore();
  readonly producer = new FakeDumpProducer();
  readonly archiver = new FakeArchiver();
  readonly journal = new MemoryJournal();
  readonly clock: ManualClock;
  readonly events: RunEvent[] = [];
  /** The calls to the store in the last run. */
  calls: readonly StoreCall[] = [];
  keep = { daily: 3, weekly: 2 };

  constructor(now: string = SATURDAY) {
    this.clock = new ManualClock(now);
  }

  async run(
    change: Partial<RunParts> & { fault?: (call: StoreCall, index: number) => Error | undefined } = {},
    options: Partial<RunOptions> = {},
  ): Promise<RunReport> {
    const { fault, ...parts } = change;
    let index = 0;
    const primary = new FaultyStore(parts.primary ?? this.store, (call) => fault?.(call, index++));
    this.calls = primary.calls;
    const { producer, archiver, journal, clock } = this;
    const observer = (event: RunEvent): void => void this.events.push(event);
    return run(
      {
        producer,
        archiver,
        journal,
        clock,
        lock: noLock,
        retention: keepNewest(this.keep),
        ...parts,
        primary,
      },
      { toolVersion: '1.2.3', observer, ...options },
    );
  }

  /** Runs once a day, as a schedule would. */
  async runDaily(days: number): Promise<void> {
    for (let day = 0; day < days; day += 1) {
      const report = await this.run();
      if (report.outcome !== 'succeeded')
        throw new Error(`run ${day} is ${report.outcome}`, { cause: report.errors[0] });
      this.clock.jumpTo(new Date(this.clock.now().getTime() + DAY));
    }
  }

  sets(): Promise<readonly BackupSet[]> {
    return readSets(this.store);
  }

  /** `tier day state` of each set, newest first. */
  async overview(): Promise<string[]> {
    return (await this.sets()).map(({ tier, timestamp, state }) => `${tier} ${timestamp} ${state}`);
  }

  files(): string[] {
    return [...this.store.artifacts.keys()].sort();
  }

  /** What no run may leave open, however it ends. */
  get open(): { readonly drafts: number; readonly snapshots: number } {
    return { drafts: this.store.openDrafts, snapshots: this.producer.openSnapshots };
  }
}

export const NOTHING_OPEN = { drafts: 0, snapshots: 0 };
