import { artifactKey, parseSchedule, type ArtifactStore, type RunJournal } from '@geolens/backup-core';
import { ManualClock, MemoryJournal, MemoryStore } from '@geolens/backup-core/testing';
import { createLogger, type Logger } from '../../src/present/logger.ts';
import { loop } from '../../src/serve/loop.ts';
import { momentsOfSets } from '../../src/status/health.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

export interface LoopChange {
  readonly schedule?: string;
  readonly zone?: string;
  readonly catchUp?: boolean;
  readonly onStart?: 'empty' | 'always' | 'never';
  readonly primary?: ArtifactStore;
  readonly journal?: RunJournal;
  /** Instead of a run that makes a set at once. */
  readonly run?: (kit: LoopKit) => Promise<void>;
}

/**
 * The loop with everything around it in memory. What it keeps between processes (store, journal, clock)
 * outlives `stop`.
 */
export class LoopKit {
  readonly clock: ManualClock;
  readonly store = new MemoryStore();
  readonly journal = new MemoryJournal();
  /** When runs began. */
  readonly runs: string[] = [];
  readonly logged: string[] = [];
  stop = new AbortController();
  private ended: Promise<void> = Promise.resolve();

  constructor(now: string) {
    this.clock = new ManualClock(now);
  }

  get log(): Logger {
    return createLogger({
      format: 'text',
      level: 'debug',
      write: (line) => this.logged.push(line.slice('2026-01-01T00:00:00Z '.length).trimEnd()),
    });
  }

  /** Starts the loop as a new process would, and lets it do what it does at once. */
  async start({
    schedule = '0 2 * * *',
    zone = 'UTC',
    catchUp = true,
    onStart = 'never',
    run = (kit) => kit.makeSet(),
    ...parts
  }: LoopChange = {}): Promise<void> {
    this.stop = new AbortController();
    const runOnce = async (): Promise<'made' | 'held'> => {
      this.runs.push(this.time);
      await run(this);
      return 'made';
    };
    const { clock, store, log } = this;
    const { journal = this.journal, primary = store } = parts;
    this.ended = loop(
      { clock, journal, log, runOnce, what: 'run', doneAt: () => momentsOfSets(primary, 'geolens') },
      { schedule: parseSchedule(schedule, zone), catchUp, onStart, signal: this.stop.signal },
    );
    this.ended.catch(() => undefined);
    await this.clock.advance(0);
  }

  /** Ends the loop as SIGTERM does; resolves when it has ended, though time stands still. */
  async end(): Promise<void> {
    this.stop.abort();
    await this.ended;
  }

  get time(): string {
    return this.clock.now().toISOString().slice(0, 16);
  }

  /** A set that can be restored, with the present moment in its name. */
  makeSet(database = 'geolens'): Promise<void> {
    const stamp = this.clock.now().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_');
    this.store.artifacts.set(artifactKey('daily', `${database}_${stamp}.dump`), Buffer.from('dump'));
    return Promise.resolve();
  }
}

/** A failure that was told already: nothing is made. */
export const failing = (): Promise<void> => Promise.resolve();
