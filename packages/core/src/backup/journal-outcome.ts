import { errorText, type BackupError } from '../base/errors.ts';
import type { PastRun, RunJournal } from '../ports/run-journal.ts';
import type { RunReport } from './run-report.ts';

/** A year of nightly runs. */
const PAST_RUNS = 400;

/** Notes how a run ended. A journal that cannot be written makes a warning, and the run no worse. */
export async function journalOutcome(
  journal: RunJournal,
  report: RunReport,
  describeError: (error: BackupError) => string = errorText,
): Promise<RunReport> {
  const { timestamp, outcome, errors, phases, manifest } = report;
  const [startedAt, finishedAt] = [report.startedAt.toISOString(), report.finishedAt.toISOString()];
  const run = { timestamp, outcome, startedAt, finishedAt, error: errors[0] && describeError(errors[0]) };
  const bytes = manifest?.artifacts.reduce((sum, artifact) => sum + artifact.bytes, 0);
  try {
    const { pastRuns } = await journal.read();
    const before: readonly PastRun[] = Array.isArray(pastRuns) ? pastRuns : []; // it may have been edited by hand
    await journal.update({
      lastRun: { ...run, phases },
      pastRuns: [...before.slice(1 - PAST_RUNS), { ...run, bytes }],
      ...(outcome !== 'failed' && { lastSuccessAt: finishedAt }),
    });
    return report;
  } catch (error) {
    return {
      ...report,
      warnings: [...report.warnings, `the outcome could not be noted: ${errorText(error)}`],
    };
  }
}
