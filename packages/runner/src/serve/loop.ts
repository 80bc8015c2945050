import {
  dueSlot,
  toBackupError,
  type Clock,
  type JournalledSlot,
  type RunJournal,
  type Schedule,
} from '@geolens/backup-core';
import type { Config } from '../config/config.ts';
import { logError, type Logger } from '../present/logger.ts';
import { describeError } from '../present/hints.ts';

/** Maximum sleep. The clock may be set back, which changes the next slot. */
const RETRY_MS = 5 * 60_000;

interface LoopParts {
  readonly clock: Clock;
  readonly journal: Pick<RunJournal, 'read' | 'update'>;
  readonly log: Logger;
  /** Name of the work at each slot, for people. */
  readonly what: 'run' | 'restore test' | 'replica check';
  /** Returns further times at which the work was done, besides those in the journal. */
  readonly doneAt: () => Promise<readonly Date[]>;
  /**
   * Does the work once. Never rejects; failures are logged by the callee. Returns `held` if another process
   * held the lock, so that no run was made. The lock is free again then. The loop checks again whether the
   * slot is due.
   */
  readonly runOnce: () => Promise<'made' | 'held'>;
}

interface LoopOptions {
  readonly schedule: Schedule;
  readonly catchUp: boolean;
  readonly onStart: Config['onStart'];
  readonly signal: AbortSignal;
}

/** Does the work at each slot, one after the other, until the signal fires. Failures do not end the loop. */
export async function loop(parts: LoopParts, options: LoopOptions): Promise<void> {
  await new Loop(parts, options).execute();
}

class Loop {
  private readonly parts: LoopParts;
  private readonly options: LoopOptions;
  private readonly startedAt: Date;
  private firstStartAt: Date;
  /** Value of the journal, kept in memory in case the journal cannot be written. */
  private lastSlot: JournalledSlot | undefined;

  constructor(parts: LoopParts, options: LoopOptions) {
    this.parts = parts;
    this.options = options;
    this.startedAt = parts.clock.now();
    this.firstStartAt = this.startedAt;
  }

  async execute(): Promise<void> {
    const { clock, log } = this.parts;
    await this.remember();
    if (await this.wantsRunAtStart()) await this.attempt(this.options.schedule.previous(clock.now()));
    this.announceNext();
    while (!this.stopped()) {
      const now = clock.now();
      const slot = await this.due(now);
      if (slot === undefined) {
        await this.sleep(now);
        continue;
      }
      const late = now.getTime() - slot.getTime();
      if (late > RETRY_MS)
        log.info(
          'schedule.catch_up',
          `the ${this.parts.what} of ${slot.toISOString()} was missed and is made up for now`,
          { slot: slot.toISOString() },
        );
      await this.attempt(slot);
      this.announceNext();
    }
  }

  /** A method, because the compiler would narrow a property after the first check. */
  private stopped(): boolean {
    return this.options.signal.aborted;
  }

  private async remember(): Promise<void> {
    const state = await this.parts.journal.read().catch((error: unknown) => {
      this.parts.log.warn(
        'schedule.journal',
        `what was done before cannot be read, so the sets alone tell what is due: ${describeError(error)}`,
      );
      return { firstStartAt: new Date(0).toISOString(), lastSlot: undefined };
    });
    this.lastSlot = state.lastSlot ?? undefined; // an operator may have edited the file
    if (state.firstStartAt === undefined) await this.note({ firstStartAt: this.startedAt.toISOString() });
    else this.firstStartAt = new Date(state.firstStartAt);
  }

  private async wantsRunAtStart(): Promise<boolean> {
    if (this.options.onStart !== 'empty') return this.options.onStart === 'always';
    return (await this.doneAt()).length === 0;
  }

  /** Returns the slot that is due. Reads the store only if a slot seems to be due. */
  private async due(now: Date): Promise<Date | undefined> {
    const { schedule, catchUp } = this.options;
    const settledUntil = catchUp ? [this.firstStartAt] : [this.firstStartAt, this.startedAt];
    const request = { schedule, now, lastSlot: this.lastSlot };
    if (dueSlot({ ...request, settledUntil }) === undefined) return undefined;
    return dueSlot({ ...request, settledUntil: [...settledUntil, ...(await this.doneAt())] });
  }

  private async doneAt(): Promise<readonly Date[]> {
    try {
      return await this.parts.doneAt();
    } catch (error) {
      if (!this.stopped()) logError(this.parts.log, 'schedule.store', toBackupError(error));
      return [];
    }
  }

  private async attempt(slot: Date | undefined): Promise<void> {
    if (this.stopped()) return; // an abort empties `doneAt`, so the slot may not be due
    const due = slot?.toISOString();
    const former = this.lastSlot?.slot === due ? this.lastSlot : undefined;
    const attempt = due === undefined ? undefined : { slot: due, attempts: (former?.attempts ?? 0) + 1 };
    if (attempt !== undefined) await this.note({ lastSlot: { ...attempt, settled: false } });
    const outcome = await this.parts.runOnce();
    if (attempt === undefined || this.stopped()) return;
    if (outcome === 'made') await this.note({ lastSlot: { ...attempt, settled: true } });
    else await this.note({ lastSlot: { ...attempt, attempts: attempt.attempts - 1, settled: false } });
  }

  private async note(change: { firstStartAt?: string; lastSlot?: JournalledSlot }): Promise<void> {
    this.lastSlot = change.lastSlot ?? this.lastSlot;
    try {
      await this.parts.journal.update(change);
    } catch (error) {
      this.parts.log.warn('schedule.journal', `what was done could not be noted: ${describeError(error)}`);
    }
  }

  /**
   * Sleeps until the next slot, for `RETRY_MS` at most. A timer limits the sleep if the clock is set back
   * meanwhile.
   */
  private async sleep(now: Date): Promise<void> {
    if (this.stopped()) return;
    const inspect = now.getTime() + RETRY_MS;
    const next = this.options.schedule.next(now)?.getTime() ?? inspect;
    const { signal } = this.options;
    const awake = new AbortController();
    const wake = (): void => {
      awake.abort();
    };
    const timer = setTimeout(wake, RETRY_MS);
    signal.addEventListener('abort', wake, { once: true });
    await this.parts.clock
      .sleepUntil(new Date(Math.min(next, inspect)), awake.signal)
      .catch((error: unknown) => {
        if (!awake.signal.aborted) throw error;
      });
    clearTimeout(timer);
    signal.removeEventListener('abort', wake);
  }

  private announceNext(): void {
    if (this.stopped()) return;
    const next = this.options.schedule.next(this.parts.clock.now());
    const text =
      next === undefined
        ? 'the schedule names no moment within nine years'
        : `next ${this.parts.what} at ${next.toISOString().slice(0, 16)}Z`;
    this.parts.log.info('schedule.next', text, { next: next?.toISOString() });
  }
}
