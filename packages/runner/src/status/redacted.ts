import { BackupError, type JournalState } from '@geolens/backup-core';
import { describeError } from '../present/hints.ts';
import { printable, type Redact } from '../present/redact.ts';
import type { Status } from './status.ts';

/**
 * The same without a secret in the texts that come from elsewhere: from errors, and from the journal and the
 * manifests that keep them. Done here and not on the answers, whose own words a password may happen to be.
 */
export function redacted(status: Status, redact: Redact): Status {
  const maybe = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : redact(text);
  const { health, journal, stores } = status;
  return {
    ...status,
    database: printable(status.database),
    health: {
      ...health,
      problem: maybe(health.problem),
      lastFailure: health.lastFailure && { ...health.lastFailure, error: maybe(health.lastFailure.error) },
    },
    journal: redactedJournal(journal, maybe),
    stores: stores.map((store) => ({
      ...store,
      sets: store.sets?.map((set) => ({ ...set, problems: set.problems.map(redact) })),
      error: store.error && new BackupError(store.error.code, redact(describeError(store.error))),
    })),
  };
}

function redactedJournal(
  journal: JournalState,
  maybe: (text: string | undefined) => string | undefined,
): JournalState {
  const { lastRun, lastRestoreTest, pastRuns } = journal;
  return {
    ...journal,
    lastRun: lastRun && { ...lastRun, error: maybe(lastRun.error) },
    lastRestoreTest: lastRestoreTest && { ...lastRestoreTest, problem: maybe(lastRestoreTest.problem) },
    pastRuns: Array.isArray(pastRuns)
      ? pastRuns.map((run: NonNullable<JournalState['pastRuns']>[number]) => ({
          ...run,
          error: maybe(run.error),
        }))
      : undefined,
  };
}
