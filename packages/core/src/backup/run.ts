import { BackupError, errorText, throwIfAborted } from '../base/errors.ts';
import { readSets } from '../catalog/read-sets.ts';
import { artifactKey } from '../model/artifact-key.ts';
import { formatArtifactName } from '../model/artifact-name.ts';
import { rowsOf, type Checks, type Manifest } from '../model/manifest.ts';
import { timestampToDate, type RunTimestamp } from '../model/timestamp.ts';
import type { PastRun, RunJournal } from '../ports/run-journal.ts';
import { textSource } from '../ports/text-source.ts';
import { replicateSets, type ReplicationReport } from '../replicate/replicate.ts';
import type { RestoreTestReport } from '../restore-test/restore-test-report.ts';
import { applyRetention, readForRetention } from '../retention/apply-retention.ts';
import { planRetention } from '../retention/plan-retention.ts';
import { makeSet } from './make-set.ts';
import type { PlainArtifacts } from './publish.ts';
import { prepare, type PreparedRun } from './prepare.ts';
import { promote } from './promote.ts';
import { RunContext } from './run-context.ts';
import type { RunOptions, RunParts } from './run-parts.ts';
import type { RunReport } from './run-report.ts';
import { testPublishedSet } from './test-published-set.ts';

/**
 * Executes one run: lock, clean-up, produce, verify, publish, restore test, promote, replicate, retain,
 * report. Holds the lock from start to end.
 *
 * A failed run returns a report with outcome `failed` and does not throw. It leaves no file and prunes
 * nothing. It still replicates the earlier sets, because they may be the only ones.
 * @throws BackupError LOCK_HELD if another process works on the volume, or the error of the lock itself
 * @throws BackupError CONFIG_INVALID if the level is `restore` without a restore tester
 */
export async function run(parts: RunParts, options: RunOptions): Promise<RunReport> {
  if (options.verify === 'restore' && parts.restoreTest === undefined)
    throw new BackupError(
      'CONFIG_INVALID',
      'restore tests of new sets were asked for, and there is no restore tester',
    );
  const signal = options.signal ?? new AbortController().signal;
  const lease = await parts.lock.acquire({ command: 'run' }, { whenHeld: options.whenLockHeld, signal });
  try {
    const report = await runStages(new RunContext(parts, options, AbortSignal.any([signal, lease.lost])));
    return parts.journal === undefined
      ? report
      : await journalOutcome(parts.journal, report, options.describeError);
  } finally {
    await lease.release();
  }
}

/** A published set of the volume. */
interface MadeSet extends PreparedRun {
  readonly manifest: Manifest;
  readonly plain: PlainArtifacts | undefined;
}

/** A published set after its restore test, if requested. */
interface VerifiedSet extends MadeSet {
  readonly checks: Checks;
  readonly restoreTest: RestoreTestReport | undefined;
  /** Whether retention may remove sets. The outcome of a failed test must be recorded first. */
  readonly isRecorded: boolean;
}

async function runStages(context: RunContext): Promise<RunReport> {
  const { stagedUploads, signal } = context;
  const prepared = await context.stage(() => prepare(context));
  const made = prepared && (await context.stage(() => make(context, prepared)));
  if (made === undefined) {
    await stagedUploads.discard();
    const replication = signal.aborted ? [] : await context.attempt(() => replicateAll(context));
    return report(context, { ...prepared, replication });
  }
  const verified = await testRestore(context, made).finally(() => made.plain?.discard());
  const isBad = verified.restoreTest?.damaged === true;
  if (!isBad) await context.attempt(() => promoteSet(context, verified));
  const replication = await context.attempt(() => replicateAll(context, isBad ? made.timestamp : undefined));
  await context.attempt(() => leaveInstructions(context, made.manifest, replication));
  if (!isBad && verified.isRecorded) await context.attempt(() => retain(context, made.timestamp));
  await stagedUploads.discard();
  return report(context, { ...verified, replication });
}

async function make(context: RunContext, prepared: PreparedRun): Promise<MadeSet> {
  throwIfAborted(context.signal);
  const { manifest, plain, unconfirmed } = await makeSet(context, prepared);
  if (unconfirmed !== undefined) context.note(unconfirmed);
  return { ...prepared, manifest, plain };
}

/**
 * Tests the restore of the new set after its publication, so that a test that ends this process loses no set.
 */
async function testRestore(context: RunContext, made: MadeSet): Promise<VerifiedSet> {
  const { parts, options, phases, signal } = context;
  const { restoreTest } = parts;
  const untested = { ...made, checks: made.manifest.checks, restoreTest: undefined, isRecorded: true };
  if (options.verify !== 'restore' || restoreTest === undefined) return untested;
  const tested = await context.attempt(() =>
    phases.measure('restore-test', () => testPublishedSet({ ...parts, restoreTest }, made, signal)),
  );
  if (tested === undefined) return untested;
  const { outcome, reasons, warnings } = tested.restoreTest;
  for (const warning of warnings) phases.warn(warning);
  if (tested.unmarked !== undefined) context.note(tested.unmarked);
  if (outcome === 'inconclusive') phases.warn(`the restore test is inconclusive: ${reasons.join('; ')}`);
  if (tested.failure !== undefined) context.errors.unshift(tested.failure);
  const isRecorded = outcome !== 'failed' || tested.unmarked === undefined;
  return { ...made, checks: tested.checks, restoreTest: tested.restoreTest, isRecorded };
}

async function promoteSet(context: RunContext, { manifest, checks, timestamp }: VerifiedSet): Promise<void> {
  const { parts, phases, signal } = context;
  const files = (['manifest', ...(parts.signer === undefined ? [] : (['signature'] as const))] as const).map(
    (kind) => ({ kind, name: formatArtifactName({ kind, timestamp }) }),
  );
  const set = [...manifest.artifacts, ...files].map(({ kind, name }) => ({
    kind,
    key: artifactKey('daily', name),
  }));
  for (const tier of manifest.tiers.filter((one) => one !== 'daily')) {
    await phases.measure('promote', () =>
      promote(parts.primary, set, { tier, timestamp, manifest, checks }, { signal }),
    );
  }
}

/**
 * Replicates the primary store to every replica. A failing replica makes the run partial; the next run
 * continues.
 * @param bad run of a set to leave out, because the mark of its damage may have failed
 */
async function replicateAll(context: RunContext, bad?: RunTimestamp): Promise<readonly ReplicationReport[]> {
  const { parts, phases, database, stagedUploads, signal } = context;
  const { primary, replicas = [] } = parts;
  if (replicas.length === 0) return [];
  const sets = (await readSets(primary, { signal })).filter(({ timestamp }) => timestamp !== bad);
  const reports: ReplicationReport[] = [];
  for (const replica of replicas) {
    const found = await replicateSets({ primary, replica, sets, database, phases, stagedUploads, signal });
    reports.push(found);
    context.cleanedUp.push(...found.cleanedUp.map((name) => `${replica.name}: ${name}`));
    for (const error of found.errors) context.note(error);
    const failed = found.errors.filter(({ details }) => details.reason !== 'replica-changed');
    const left = (found.missing ?? 0) - failed.length;
    if (left > 0 && !signal.aborted)
      phases.warn(`${replica.name} still lacks ${left} sets of before, which the next runs copy`);
  }
  return reports;
}

/** Name of the file with instructions beside encrypted sets. */
const INSTRUCTIONS_NAME = 'RESTORE.txt';

/** Leaves instructions for a restore without this program beside the encrypted sets of each store. */
async function leaveInstructions(
  { parts, options, signal }: RunContext,
  manifest: Manifest,
  replication: readonly ReplicationReport[] = [],
): Promise<void> {
  const { primary, cipher, replicas = [] } = parts;
  const { instructions } = options;
  if (instructions === undefined) return;
  const places = [
    { store: primary, recipients: cipher?.recipients ?? [] },
    ...replicas.map((store) => ({ store, recipients: store.capabilities.encryption?.recipients ?? [] })),
  ];
  const failed = replication.filter(({ errors }) => errors.length > 0).map(({ store }) => store);
  const wanted = places.filter(
    ({ store, recipients }) => recipients.length > 0 && !failed.includes(store.name),
  );
  for (const { store, recipients } of wanted)
    await store.put(artifactKey('daily', INSTRUCTIONS_NAME), textSource(instructions(manifest, recipients)), {
      signal,
    });
}

async function retain(context: RunContext, timestamp: RunTimestamp): Promise<void> {
  const { parts, phases, database, signal, removed } = context;
  const { primary, clock, retention: policy } = parts;
  await phases.measure('retain', async () => {
    const sets = await readForRetention(primary, { signal });
    const plan = planRetention({ ...sets, policy, database, now: laterOf(clock.now(), timestamp) });
    await applyRetention(primary, plan, { signal, onRemoved: (key) => removed.push(key) });
  });
}

function report(
  { parts, database, startedAt, phases, errors, cleanedUp, removed }: RunContext,
  {
    timestamp,
    former,
    manifest,
    checks = {},
    restoreTest,
    replication = [],
  }: Partial<VerifiedSet> & { readonly replication: readonly ReplicationReport[] | undefined },
): RunReport {
  const isMade = manifest !== undefined && restoreTest?.damaged !== true;
  return {
    outcome: !isMade ? 'failed' : errors.length > 0 ? 'with-errors' : 'succeeded',
    database,
    timestamp,
    startedAt,
    finishedAt: parts.clock.now(),
    manifest,
    checks,
    previousRows: rowsOf(former),
    restoreTest,
    suspicion: manifest?.suspicion,
    phases: phases.reports,
    warnings: phases.warnings,
    errors,
    replication,
    cleanedUp,
    removed,
  };
}

/**
 * Returns the later of both times. The new set must not count as "in the future" if the clock was set back
 * during the run.
 */
function laterOf(now: Date, timestamp: RunTimestamp): Date {
  const made = timestampToDate(timestamp);
  return made > now ? made : now;
}

/** Number of kept runs: a year of nightly runs. */
const PAST_RUNS = 400;

/** Writes the outcome of a run to the journal. A failed write causes a warning. */
async function journalOutcome(
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
    // The journal may have been edited by hand.
    const before: readonly PastRun[] = Array.isArray(pastRuns) ? pastRuns : [];
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
