import type { JournalState, RunJournal } from '../ports/run-journal.ts';

/** A journal in memory. */
export class MemoryJournal implements RunJournal {
  /** State written so far. */
  state: JournalState = {};

  read(): Promise<JournalState> {
    return Promise.resolve(this.state);
  }

  update(change: JournalState): Promise<void> {
    this.state = { ...this.state, ...change };
    return Promise.resolve();
  }
}
