import type { Clock, RunEvent, RunJournal } from '@geolens/backup-core';
import { nameOf, percentOf } from '../present/log-run.ts';

/** Interval between two records. Readers ignore a record that is older than a minute. */
const EVERY_MS = 10_000;

/**
 * Records the progress of a run in the journal, where other processes find it. Repeats the record while the
 * run lives, so that the record of a killed run becomes old. A failed write does not disturb the run.
 */
export class ProgressRecord {
  private readonly clock: Clock;
  private readonly journal: Pick<RunJournal, 'update'>;
  private startedAt: string | undefined;
  private phase: string | undefined;
  private percent: number | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor({ clock, journal }: { readonly clock: Clock; readonly journal: Pick<RunJournal, 'update'> }) {
    this.clock = clock;
    this.journal = journal;
  }

  /** Starts with the first event, because the lock is held from then on. */
  observe(event: RunEvent): void {
    if (event.event === 'phase.started' || event.event === 'phase.progress') {
      this.phase = nameOf(event);
      this.percent = event.event === 'phase.progress' ? percentOf(event) : undefined;
    }
    if (this.startedAt !== undefined) return;
    this.startedAt = this.clock.now().toISOString();
    void this.write();
    this.timer = setInterval(() => void this.write(), EVERY_MS).unref();
  }

  /** Removes the record, if there is one. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    if (this.startedAt !== undefined)
      await this.journal.update({ currentRun: undefined }).catch(() => undefined);
  }

  private async write(): Promise<void> {
    const { startedAt, phase, percent } = this;
    if (startedAt === undefined) return;
    const currentRun = { startedAt, at: this.clock.now().toISOString(), phase, percent };
    await this.journal.update({ currentRun }).catch(() => undefined);
  }
}
