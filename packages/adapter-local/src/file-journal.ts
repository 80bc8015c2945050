import type { CheckOutcome, JournalState, PastRun, RunJournal, RunOutcome } from '@geolens/backup-core';
import { escapeDatabase } from '@geolens/backup-core/internal';
import { OwnJsonFile } from './store/own-json-file.ts';

/** Maximum size of a journal, in bytes; a typical one has a few hundred. */
const LARGEST_BYTES = 1024 * 1024;

/** Returns the journal's file name. Each database has its own: a folder may hold sets of several. */
export function journalName(database: string): string {
  return `.geolens-backup.${escapeDatabase(database)}.json`;
}

/** A journal in one small JSON file, replaced as a whole. Writers do not need the lock of the volume. */
export class FileJournal implements RunJournal {
  private readonly file: OwnJsonFile;
  /** The previous update. The next one starts after it, whether it succeeded or failed. */
  private latest: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.file = new OwnJsonFile(path, {
      reading: 'reading the journal',
      writing: 'noting the outcome',
      largestBytes: LARGEST_BYTES,
    });
  }

  async read(): Promise<JournalState> {
    return withNewNames(await this.file.read());
  }

  update(change: JournalState): Promise<void> {
    const update = this.latest.then(() => this.replace(change));
    this.latest = update.catch(() => undefined);
    return update;
  }

  private async replace(change: JournalState): Promise<void> {
    await this.file.replace({ ...(await this.read()), ...change }, 2);
  }
}

/** The journal of version 0.1.0, which has other names for restore tests and for outcomes of runs. */
interface FormerState extends JournalState {
  readonly lastDrillSlot?: JournalState['lastRestoreTestSlot'];
  readonly lastDrill?: JournalState['lastRestoreTest'] & { readonly verdict: string };
}

const FORMER_OUTCOMES: ReadonlyMap<string, CheckOutcome> = new Map([
  ['proven', 'passed'],
  ['bad', 'failed'],
  ['unproven', 'inconclusive'],
]);

const FORMER_RUN_OUTCOMES: ReadonlyMap<string, RunOutcome> = new Map([
  ['complete', 'succeeded'],
  ['partial', 'with-errors'],
]);

/** Returns a run with the current name of its outcome. An operator may have edited the journal. */
function renamed<R extends { readonly outcome: RunOutcome }>(run: R): R {
  const outcome = FORMER_RUN_OUTCOMES.get((run as R | null)?.outcome ?? '');
  return outcome === undefined ? run : { ...run, outcome };
}

function withNewNames({ lastDrillSlot, lastDrill, ...state }: FormerState): JournalState {
  const outcome = FORMER_OUTCOMES.get(lastDrill?.verdict ?? '') ?? 'skipped';
  return {
    ...(lastDrillSlot && { lastRestoreTestSlot: lastDrillSlot }),
    ...(lastDrill && {
      lastRestoreTest: {
        timestamp: lastDrill.timestamp,
        outcome,
        finishedAt: lastDrill.finishedAt,
        problem: lastDrill.problem,
      },
    }),
    ...state,
    ...(state.lastRun && { lastRun: renamed(state.lastRun) }),
    ...(Array.isArray(state.pastRuns) && {
      pastRuns: (state.pastRuns as readonly PastRun[]).map((run) => renamed(run)),
    }),
  };
}
