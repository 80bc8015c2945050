import { toBackupError } from '../errors.ts';
import type { RunJournal } from '../ports/run-journal.ts';
import type { RunReport } from './report.ts';

/** Notes how a run ended. A journal that cannot be written makes a warning, and the run no worse. */
export async function journalOutcome(journal: RunJournal, report: RunReport): Promise<RunReport> {
  const { timestamp, outcome, startedAt, finishedAt, errors, phases } = report;
  const finished = finishedAt.toISOString();
  try {
    await journal.update({
      lastRun: { timestamp, outcome, startedAt: startedAt.toISOString(), finishedAt: finished, error: errors[0]?.message, phases },
      ...(outcome !== 'failed' && { lastSuccessAt: finished }),
    });
    return report;
  } catch (error) {
    return { ...report, warnings: [...report.warnings, `the outcome could not be noted: ${toBackupError(error).message}`] };
  }
}
