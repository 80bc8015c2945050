import { errorText, isBackupError, throwIfAborted, toBackupError, type BackupError } from '../base/errors.ts';
import { formatArtifactName } from '../model/artifact-name.ts';
import type { CheckOutcome } from '../model/check-outcome.ts';
import type { Archiver } from '../ports/archiver.ts';
import type { Clock } from '../ports/clock.ts';
import type { RestoreTester } from '../ports/restore-tester.ts';
import type { RestorerEvent } from '../ports/dump-restorer.ts';
import type { Lock, LockLease } from '../ports/lock.ts';
import { markCopy } from '../catalog/mark-copy.ts';
import { isDamaged, readCopy, type ArtifactReading, type ReadingParts } from '../catalog/read-copy.ts';
import { withDetails } from '../catalog/plain-text.ts';
import { watchReading, withoutFiles, type ReadingLimits } from '../catalog/watch-reading.ts';
import type { ReadableArtifact, SetCopy } from '../ports/set-copy.ts';
import type { StallLimit } from '../progress/stall.ts';
import { restoreTestCopy, type TestedCopy } from '../restore-test/restore-test-copy.ts';
import { inconclusive, type RestoreTestReport } from '../restore-test/restore-test-report.ts';
import { asOne, sameFilesAs } from './same-files.ts';
import { checksOf, type CopyReport, type VerifyReport } from './verify-report.ts';

/** Dependencies of a verification. */
export interface VerifyParts extends ReadingParts {
  readonly archiver: Archiver;
  readonly restoreTest: RestoreTester;
  readonly clock: Clock;
  readonly lock: Lock;
  /** Maximum wait for a chunk of a read. Defaults to no limit. */
  readonly stall?: StallLimit | undefined;
}

/** Which copies are verified, and how thoroughly. */
export interface VerifyRequest {
  readonly copies: readonly SetCopy[];
  /** Whether to also restore the dump into a temporary server. */
  readonly restore: boolean;
  /** Maximum read rate in bytes per second. Defaults to no limit. */
  readonly bytesPerSecond?: number | undefined;
}

/** Progress event of a verification. `index` counts copies from 0. */
export type VerifyEvent =
  | { readonly event: 'copy.started'; readonly copy: SetCopy; readonly index: number; readonly of: number }
  | { readonly event: 'copy.finished'; readonly report: CopyReport }
  | RestorerEvent;

/** Callbacks and abort signal of a verification. */
export interface VerifyOptions {
  readonly signal: AbortSignal;
  /** Called at the start and end of each copy, and for the steps of a restore test. */
  readonly observer?: ((event: VerifyEvent) => void) | undefined;
}

/**
 * Reads every artifact of every copy completely, tests the restore with `restore`, and records the results in
 * state files. Damage is reported, not thrown. An unreadable copy does not stop the others.
 *
 * - Holds the lock only while it writes, so that a verification of hours does not block runs.
 * - Does not record results on a read-only volume, and reports a note instead of an error.
 * - Skips a copy that retention removes meanwhile.
 * - Reads the same files once: copies of a run in several tiers can be hard links.
 * - Tests identical dumps once. The result counts for every copy with the same bytes.
 */
export async function verify(
  parts: VerifyParts,
  request: VerifyRequest,
  options: VerifyOptions,
): Promise<VerifyReport> {
  return new Verification(parts, request, options).execute();
}

class Verification {
  private readonly parts: VerifyParts;
  private readonly request: VerifyRequest;
  private readonly options: VerifyOptions;
  private readonly limits: ReadingLimits;
  /**
   * Results by the SHA-256 of the dump, from whole copies only. Consequences of other damage in a copy do not
   * apply to other copies.
   */
  private readonly tested = new Map<string, RestoreTestReport>();
  private readonly notes = new Set<string>();

  constructor(parts: VerifyParts, request: VerifyRequest, options: VerifyOptions) {
    this.parts = parts;
    this.request = request;
    this.options = options;
    this.limits = {
      clock: parts.clock,
      bytesPerSecond: request.bytesPerSecond,
      observer: options.observer,
      signal: options.signal,
      stall: parts.stall,
    };
  }

  async execute(): Promise<VerifyReport> {
    const { copies } = this.request;
    const reports: CopyReport[] = [];
    const errors: BackupError[] = [];
    const groups = [...Map.groupBy(copies, sameFilesAs).values()];
    for (const [index, group] of groups.entries()) {
      const copy = asOne(group);
      throwIfAborted(this.options.signal);
      this.options.observer?.({ event: 'copy.started', copy, index, of: groups.length });
      const report = await this.inspectFirst(group);
      for (const one of group) {
        const own = { ...report, copy: one, milliseconds: one === group[0] ? report.milliseconds : 0 };
        reports.push(own);
        errors.push(...(await this.mark(own)));
      }
      this.options.observer?.({ event: 'copy.finished', report: { ...report, copy } });
    }
    return { copies: reports, notes: [...this.notes], errors };
  }

  /** Inspects the first copy that exists. */
  private async inspectFirst([first, ...others]: readonly SetCopy[]): Promise<CopyReport> {
    if (first === undefined) throw new Error('no copy');
    const report = await this.inspect(first);
    return report.outcome === 'skipped' && others.length > 0 ? this.inspectFirst(others) : report;
  }

  private async inspect(copy: SetCopy): Promise<CopyReport> {
    const { clock } = this.parts;
    const began = clock.now().getTime();
    const report = (outcome: CheckOutcome, found: Partial<CopyReport>): CopyReport => ({
      copy,
      outcome,
      artifacts: [],
      restoreTest: undefined,
      standing: undefined,
      error: undefined,
      ...found,
      milliseconds: Math.max(0, clock.now().getTime() - began),
    });
    try {
      // Before any program is started for it.
      if (await isGone(copy, this.options.signal)) return report('skipped', {});
      const { artifacts, restoreTest } = await this.test(await withKnownDetails(copy));
      const standing =
        restoreTest === undefined || restoreTest.outcome === 'inconclusive'
          ? standingFailure(copy)
          : undefined;
      const failed =
        artifacts.some(({ problem }) => problem !== undefined) ||
        restoreTest?.outcome === 'failed' ||
        standing !== undefined;
      const inconclusive =
        restoreTest?.outcome === 'inconclusive' || artifacts.some(({ unjudged }) => unjudged !== undefined);
      return report(failed ? 'failed' : inconclusive ? 'inconclusive' : 'passed', {
        artifacts,
        restoreTest,
        standing,
      });
    } catch (error) {
      throwIfAborted(this.options.signal);
      if (isBackupError(error, 'ARTIFACT_NOT_FOUND') && (await isGone(copy, this.options.signal)))
        return report('skipped', {});
      return report('inconclusive', { error: toBackupError(error) });
    }
  }

  private async test(copy: SetCopy): Promise<TestedCopy> {
    const watched = watchReading(copy, this.limits);
    const { dump } = watched.artifacts;
    if (!this.request.restore || dump === undefined)
      return { artifacts: await this.read(watched), restoreTest: undefined };
    const locked = await whyLocked(dump);
    if (locked !== undefined)
      return { artifacts: await this.read(watched), restoreTest: inconclusive([locked]) };
    const known = this.tested.get(dump.sha256 ?? '');
    if (known !== undefined) {
      const artifacts = await this.read(watched);
      return { artifacts, restoreTest: isDamaged(artifacts, 'dump', 'globals') ? undefined : known };
    }
    const tested = await restoreTestCopy(this.parts, watched, dump, (from) => this.read(from), this.options);
    if (tested.restoreTest !== undefined && dump.sha256 !== undefined && !isDamaged(tested.artifacts))
      this.tested.set(dump.sha256, tested.restoreTest);
    return tested;
  }

  /**
   * Reads the artifacts of a copy.
   * @throws the error of the read, unless another artifact is damaged
   */
  private async read(copy: SetCopy): Promise<readonly ArtifactReading[]> {
    const { signal, observer } = this.options;
    observer?.({ event: 'step', step: 'read' });
    const from = this.limits.bytesPerSecond === undefined ? copy : withoutFiles(copy);
    const artifacts = await readCopy(this.parts, from, { signal });
    if (isDamaged(artifacts)) return artifacts;
    const failed = artifacts.find(({ failure }) => failure !== undefined);
    if (failed?.failure !== undefined) throw failed.failure;
    return [...artifacts, ...problemsOfSet(copy)];
  }

  /** Records the result. Returns errors of the write; a read-only volume causes a note instead. */
  private async mark(report: CopyReport): Promise<readonly BackupError[]> {
    const { clock } = this.parts;
    const { signal } = this.options;
    const found = checksOf(report, clock.now());
    if (report.copy.stored === undefined || found === undefined) return [];
    try {
      const lease = await this.acquire();
      try {
        await markCopy(report.copy, found, { signal: AbortSignal.any([signal, lease.lost]) });
      } finally {
        await lease.release();
      }
      return [];
    } catch (error) {
      throwIfAborted(signal);
      if (isBackupError(error, 'ARTIFACT_NOT_FOUND')) return [];
      const failure = toBackupError(error);
      if (failure.details.reason !== 'volume-read-only') return [failure];
      this.notes.add(`results are not recorded: ${failure.message}`);
      return [];
    }
  }

  /** Acquires the lock, and reports the wait for it. */
  private async acquire(): Promise<LockLease> {
    const { lock } = this.parts;
    const { signal, observer } = this.options;
    try {
      return await lock.acquire({ command: 'verify' }, { signal });
    } catch (error) {
      if (!isBackupError(error, 'LOCK_HELD')) throw error;
      observer?.({ event: 'step', step: 'lock' });
      return lock.acquire({ command: 'verify' }, { whenHeld: 'wait', signal });
    }
  }
}

/** Returns why no identity opens an encrypted artifact. `undefined` if one does, or it is not encrypted. */
async function whyLocked(artifact: ReadableArtifact): Promise<string | undefined> {
  if (artifact.encrypted === undefined) return undefined;
  try {
    const chunks = artifact.open()[Symbol.asyncIterator]();
    await chunks.next();
    await chunks.return?.();
    return undefined;
  } catch (error) {
    // The reading reports any other error.
    return isBackupError(error, 'KEY_MISSING') ? errorText(error) : undefined;
  }
}

/** Returns the copy with its details, if an identity opens them. The reading reports why it does not. */
async function withKnownDetails(copy: SetCopy): Promise<SetCopy> {
  return withDetails(copy).catch(() => copy);
}

/**
 * Returns the failure of an earlier restore test. `undefined` if there is none or an operator accepted it.
 */
function standingFailure({ checks: { restoreTest } }: SetCopy): string | undefined {
  if (restoreTest?.outcome !== 'failed' || restoreTest.acceptedAt !== undefined) return undefined;
  const { at, reason } = restoreTest;
  return `its restore test failed at ${at}${reason === undefined ? '' : ` (${reason})`}, which only another restore test can take back`;
}

/** Returns why a set is partial although its artifacts are intact: its manifest belongs to another set. */
function problemsOfSet({ stored }: SetCopy): readonly ArtifactReading[] {
  if (stored?.set.state !== 'partial') return [];
  const { timestamp, problems } = stored.set;
  const manifest = { kind: 'manifest', name: formatArtifactName({ kind: 'manifest', timestamp }) } as const;
  return problems.map((problem) => ({
    ...manifest,
    bytes: undefined,
    problem: `${manifest.name}: ${problem}`,
  }));
}

/** Returns whether a set was removed as a whole. Its manifest is removed first. */
async function isGone({ stored }: SetCopy, signal: AbortSignal): Promise<boolean> {
  if (stored === undefined) return false;
  const { store, set } = stored;
  const key = (set.artifacts.find(({ kind }) => kind === 'manifest') ?? set.artifacts[0])?.key;
  if (key === undefined) return true;
  try {
    // Not a listing: a bucket that lists thousands of missing sets would be listed for each.
    const reading = store.read(key, { start: 0, end: 1 }, { signal })[Symbol.asyncIterator]();
    await reading.next();
    await reading.return?.();
    return false;
  } catch (error) {
    return isBackupError(error, 'ARTIFACT_NOT_FOUND');
  }
}
