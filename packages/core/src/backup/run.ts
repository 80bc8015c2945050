import { abortedBy, BackupError, throwIfAborted, toBackupError } from '../base/errors.ts';
import { type Manifest, rowsOf } from '../model/manifest.ts';
import { artifactKey, type ArtifactKey } from '../model/artifact-key.ts';
import { formatArtifactName } from '../model/artifact-name.ts';
import { timestampToDate, type RunTimestamp } from '../model/timestamp.ts';
import { replicate, type ReplicationReport } from '../replicate/replicate.ts';
import { StagedUploads } from '../replicate/staged-uploads.ts';
import { applyRetention, readForRetention } from '../retention/apply-retention.ts';
import { planRetention } from '../retention/plan-retention.ts';
import type { BackupSet, SetArtifact } from '../model/backup-set.ts';
import { readSets } from '../catalog/read-sets.ts';
import { decideTimestamp } from './decide-timestamp.ts';
import { journalOutcome } from './journal-outcome.ts';
import { makeSet } from './make-set.ts';
import { findBaseline } from './find-baseline.ts';
import { noArchiver } from './no-archiver.ts';
import { Phases } from '../progress/phases.ts';
import { promote, unfinishedPromotion } from './promote.ts';
import { testPublishedSet, type TestedSet } from './test-published-set.ts';
import type { RunReport } from './run-report.ts';
import type { RunOptions, RunParts } from './run-parts.ts';
import { cleanUpOrphans } from './clean-up-orphans.ts';

/**
 * One run: lock, clean-up, produce, verify, publish, restore test, promote, replicate, retain, report. The lock is held
 * from its begin to its end.
 *
 * A run that fails is a report with outcome `failed`, not an exception: then no file is left and nothing was
 * pruned. The sets of before are replicated all the same: they may be all there is.
 * @throws BackupError LOCK_HELD when another process works on the volume, or what the lock itself fails with;
 * CONFIG_INVALID when sets are to be restored and there is no restore test
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
    const report = await new Run(parts, options, AbortSignal.any([signal, lease.lost])).execute();
    return parts.journal === undefined
      ? report
      : await journalOutcome(parts.journal, report, options.describeError);
  } finally {
    await lease.release();
  }
}

/** What the phases of a run have made and found out. */
type Passed = Pick<RunReport, 'manifest' | 'checks' | 'restoreTest'>;

/** The state of one run while it goes on; each method is one phase. */
class Run {
  private readonly parts: RunParts;
  private readonly options: RunOptions;
  private readonly signal: AbortSignal;
  private readonly phases: Phases;
  private readonly stagedUploads: StagedUploads;
  private readonly startedAt: Date;
  private readonly errors: BackupError[] = [];
  private stopped: BackupError | undefined;
  private timestamp: RunTimestamp | undefined;
  private former: Manifest | undefined;
  private cleanedUp: readonly string[] = [];
  private readonly replication: ReplicationReport[] = [];
  private readonly removed: ArtifactKey[] = [];

  constructor(parts: RunParts, options: RunOptions, signal: AbortSignal) {
    this.parts = parts;
    this.options = options;
    this.signal = signal;
    this.phases = new Phases(parts.clock, options.observer, options.redact, parts.stall);
    this.stagedUploads = new StagedUploads(parts.replicas ?? [], { phases: this.phases, signal });
    this.startedAt = parts.clock.now();
  }

  async execute(): Promise<RunReport> {
    const passed = await this.pass();
    await this.stagedUploads.discard();
    return this.report(passed);
  }

  /** Passes the phases, as far as they can be passed. */
  private async pass(): Promise<Passed> {
    let made: Manifest;
    try {
      made = await this.makeSet(await this.prepare());
    } catch (error) {
      this.errors.unshift(this.failureFrom(error));
      await this.stagedUploads.discard();
      if (!this.signal.aborted) await this.attempt(() => this.replicate());
      return { manifest: undefined, checks: {}, restoreTest: undefined };
    }
    const tested = await this.attempt(() => this.testSet(made));
    const isBad = tested?.restoreTest.damaged === true;
    if (!isBad) await this.attempt(() => this.promote(made, tested?.checks));
    await this.attempt(() => this.replicate(isBad ? made.timestamp : undefined));
    // Without the mark of the failed test, retention could remove the newest set that passed.
    const isUnmarked = tested?.restoreTest.outcome === 'failed' && tested.unmarked !== undefined;
    if (!isBad && !isUnmarked) await this.attempt(() => this.retain(made.timestamp));
    return { manifest: made, checks: made.checks, restoreTest: undefined, ...tested };
  }

  private get database(): string {
    return this.parts.producer.database;
  }

  /** Clears away what dead runs left, before any space is asked for, and finishes what they could not. */
  private async prepare(): Promise<readonly BackupSet[]> {
    const { primary } = this.parts;
    this.cleanedUp = await cleanUpOrphans(
      [primary, ...(this.parts.cleaners ?? [])],
      this.phases,
      this.signal,
    );
    const sets = await readSets(primary, { signal: this.signal });
    const unfinished = unfinishedPromotion(sets, this.database, this.startedAt);
    if (unfinished === undefined) return sets;
    const { set, tier } = unfinished;
    await this.attempt(() => promote(primary, set.artifacts, { ...set, tier }, { signal: this.signal }));
    return sets;
  }

  private async makeSet(before: readonly BackupSet[]): Promise<Manifest> {
    const { startedAt, phases, stagedUploads, signal, database } = this;
    const timestamp = await decideTimestamp(this.parts.clock, before, signal);
    this.timestamp = timestamp;
    phases.emit({ event: 'run.started', timestamp, database });
    const baseline = await findBaseline(this.parts, before, { timestamp, phases, signal });
    this.former = baseline.former;
    throwIfAborted(signal);
    const { manifest, unconfirmed } = await makeSet(this.parts, this.options, {
      timestamp,
      startedAt,
      baseline,
      phases,
      stagedUploads,
      signal,
    });
    if (unconfirmed !== undefined) this.note(unconfirmed);
    return manifest;
  }

  /**
   * Tests the restore of the new set, which is there already: should the restore test take this process with
   * it, the set stays.
   */
  private async testSet(made: Manifest): Promise<TestedSet | undefined> {
    const { phases, signal } = this;
    const { restoreTest, primary, archiver, clock } = this.parts;
    if (this.options.verify !== 'restore' || restoreTest === undefined) return undefined;
    const tested = await phases.measure('restore-test', () =>
      testPublishedSet({ restoreTest, archiver: archiver ?? noArchiver, primary, clock }, made, signal),
    );
    const { outcome, reasons, warnings } = tested.restoreTest;
    for (const warning of warnings) phases.warn(warning);
    if (tested.unmarked !== undefined) this.note(tested.unmarked);
    if (outcome === 'inconclusive') phases.warn(`the restore test is inconclusive: ${reasons.join('; ')}`);
    // The first error is what makes a run fail.
    if (tested.failure !== undefined) this.errors.unshift(tested.failure);
    return tested;
  }

  private async promote(made: Manifest, checks = made.checks): Promise<void> {
    const { tiers, artifacts, timestamp } = made;
    const manifest = { kind: 'manifest', name: formatArtifactName({ kind: 'manifest', timestamp }) } as const;
    const set = [...artifacts, manifest].map(
      ({ kind, name }): Pick<SetArtifact, 'key' | 'kind'> => ({ kind, key: artifactKey('daily', name) }),
    );
    for (const tier of tiers.filter((tier) => tier !== 'daily')) {
      await this.phases.measure('promote', () =>
        promote(
          this.parts.primary,
          set,
          { tier, timestamp, manifest: made, checks },
          { signal: this.signal },
        ),
      );
    }
  }

  /**
   * Brings every replica up to the primary. One that fails makes the run partial, and the next run goes on
   * where it stopped.
   * @param bad the set to leave out: if it could not be marked, it looks like any other
   */
  private async replicate(bad?: RunTimestamp): Promise<void> {
    const { primary, replicas = [] } = this.parts;
    if (replicas.length === 0) return;
    const { phases, database, stagedUploads, signal } = this;
    const sets = (await readSets(primary, { signal })).filter(({ timestamp }) => timestamp !== bad);
    for (const replica of replicas) {
      const report = await replicate({ primary, replica, sets, database, phases, stagedUploads, signal });
      this.replication.push(report);
      this.cleanedUp = [...this.cleanedUp, ...report.cleanedUp.map((name) => `${replica.name}: ${name}`)];
      for (const error of report.errors) this.note(error);
      const failed = report.errors.filter(({ details }) => details.reason !== 'replica-changed');
      const left = (report.missing ?? 0) - failed.length;
      if (left > 0 && !signal.aborted)
        phases.warn(`${replica.name} still lacks ${left} sets of before, which the next runs copy`);
    }
  }

  private async retain(timestamp: RunTimestamp): Promise<void> {
    const { primary, clock, retention: policy } = this.parts;
    await this.phases.measure('retain', async () => {
      const plan = planRetention({
        ...(await readForRetention(primary, { signal: this.signal })),
        policy,
        database: this.database,
        now: laterOf(clock.now(), timestamp),
      });
      await applyRetention(primary, plan, {
        signal: this.signal,
        onRemoved: (key) => this.removed.push(key),
      });
    });
  }

  /**
   * Does work that comes after the set is good: its failure makes the run partial and does not stop what
   * follows.
   */
  private async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      throwIfAborted(this.signal);
      return await work();
    } catch (error) {
      this.note(error);
      return undefined;
    }
  }

  private note(error: unknown): void {
    const failure = this.failureFrom(error);
    if (!this.errors.includes(failure)) this.errors.push(failure);
  }

  /** Once it was asked to stop, that is why things fail; said once. */
  private failureFrom(error: unknown): BackupError {
    return this.signal.aborted ? (this.stopped ??= abortedBy(this.signal)) : toBackupError(error);
  }

  private report({ manifest, checks, restoreTest }: Passed): RunReport {
    const { timestamp, startedAt, former, errors, replication, cleanedUp, removed, database } = this;
    return {
      outcome:
        manifest === undefined || restoreTest?.damaged === true
          ? 'failed'
          : errors.length > 0
            ? 'partial'
            : 'complete',
      database,
      timestamp,
      startedAt,
      finishedAt: this.parts.clock.now(),
      manifest,
      checks,
      previousRows: rowsOf(former),
      restoreTest,
      suspicion: manifest?.suspicion,
      phases: this.phases.reports,
      warnings: this.phases.warnings,
      errors,
      replication,
      cleanedUp,
      removed,
    };
  }
}

/** The set just made is never "in the future", even when the clock was set back while it was made. */
function laterOf(now: Date, timestamp: RunTimestamp): Date {
  const made = timestampToDate(timestamp);
  return made > now ? made : now;
}
