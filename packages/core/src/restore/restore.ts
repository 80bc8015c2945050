import {
  BackupError,
  throwIfAborted,
  toBackupError,
  type BackupErrorOptions,
  withReason,
} from '../base/errors.ts';
import type { ArtifactKind } from '../model/artifact-name.ts';
import type { ArtifactContent } from '../ports/artifact-store.ts';
import type { Archiver } from '../ports/archiver.ts';
import type { Clock } from '../ports/clock.ts';
import type { DumpProducer } from '../ports/dump-producer.ts';
import type {
  DumpRestorer,
  Inspection,
  Restored,
  RestoreInput,
  RestoreMode,
  RestorerEvent,
  RestoreSession,
} from '../ports/dump-restorer.ts';
import type { Lock } from '../ports/lock.ts';
import type { PrimaryStore } from '../ports/primary-store.ts';
import type { StagingRestorer, UnpackedStaging } from '../ports/staging-restorer.ts';
import { withStaging } from '../catalog/set-copy.ts';
import { withStall } from '../catalog/watch-reading.ts';
import type { SetCopy } from '../ports/set-copy.ts';
import { checkCopy, refuse, type CheckedCopy } from './check-copy.ts';
import { compareRows } from '../model/compare-rows.ts';
import { fetchCopy, type FetchedCopy } from './fetch-copy.ts';
import type { RestorePlan, RestoreReport } from './restore-report.ts';
import type { StallLimit } from '../progress/stall.ts';

/** Everything that a restore works with. */
export interface RestoreParts {
  readonly restorer: DumpRestorer;
  readonly stagingRestorer: StagingRestorer;
  /** They check the artifacts. */
  readonly producer: Pick<DumpProducer, 'check'>;
  readonly archiver: Pick<Archiver, 'check'>;
  /** Takes in what comes from elsewhere. */
  readonly primary: PrimaryStore;
  readonly lock: Lock;
  readonly clock: Clock;
  /** How long a reading of the source may wait for a chunk; without end when absent. */
  readonly stall?: StallLimit | undefined;
}

/** What is restored, how, and where to. */
export interface RestoreRequest {
  readonly source: SetCopy;
  readonly mode: RestoreMode;
  /** The database that is to have the content of the dump. */
  readonly database: string;
  /** The folder that is to have the content of the archive; undefined leaves files alone. */
  readonly stagingTo: string | undefined;
  /** Remove what was there before, once all is well. */
  readonly dropPrevious: boolean;
  /** Look and check, and change nothing; needs no lock. */
  readonly dryRun: boolean;
  /** Go on in spite of doubts; never in spite of problems. */
  readonly force: boolean;
  /** Give roles that are made all the privileges that the set names, although it is not trusted. */
  readonly allowPrivilegedRoles: boolean;
  /** Restores everything else if objects cannot be made, and lists them. Defaults to false. */
  readonly keepGoing?: boolean | undefined;
}

/** Who is told, and asked, while a restore goes on. */
export interface RestoreOptions {
  readonly signal: AbortSignal;
  /** Told of each step, and how far it is. */
  readonly observer?: ((event: RestorerEvent) => void) | undefined;
  /** Asked before anything is changed; a `false` ends the restore. */
  readonly confirm?: ((plan: RestorePlan) => Promise<boolean>) | undefined;
}

/**
 * Restores a database, and the files that belong to it, from one source: checked before anything is touched,
 * then put in place. In the mode `aside` any failure before the swap leaves everything as it was.
 * @throws BackupError RESTORE_REFUSED or ARTIFACT_UNREADABLE with the whole list of what stands in the way;
 * LOCK_HELD;
 *   RESTORE_FAILED; ABORTED
 */
export async function restore(
  parts: RestoreParts,
  request: RestoreRequest,
  options: RestoreOptions,
): Promise<RestoreReport> {
  if (request.dryRun) return new Restore(parts, request, options, options.signal).execute();
  const lease = await parts.lock.acquire({ command: 'restore' }, { signal: options.signal });
  try {
    const signal = AbortSignal.any([options.signal, lease.lost]);
    await parts.primary.cleanUp({ signal });
    return await new Restore(parts, request, options, signal).execute();
  } finally {
    await lease.release();
  }
}

class Restore {
  private readonly parts: RestoreParts;
  private readonly request: RestoreRequest;
  private readonly options: RestoreOptions;
  private readonly signal: AbortSignal;
  private readonly startedAt: Date;
  private readonly recovered: string[] = [];
  private readonly warnings: string[] = [];
  /** Failures of the files: the database is restored without them. */
  private readonly errors: BackupError[] = [];

  constructor(parts: RestoreParts, request: RestoreRequest, options: RestoreOptions, signal: AbortSignal) {
    this.parts = parts;
    this.request = request;
    this.options = options;
    this.signal = signal;
    this.startedAt = parts.clock.now();
  }

  async execute(): Promise<RestoreReport> {
    const { request, signal } = this;
    const session = await this.parts.restorer.open(request.database, {
      exclusive: !request.dryRun,
      signal,
      observer: this.options.observer,
    });
    try {
      this.recovered.push(...session.recovered);
      const { stagingTo } = request;
      if (!request.dryRun && stagingTo !== undefined) await this.attempt(() => this.recoverFiles(stagingTo));
      this.step('fetch');
      await using fetched = await this.fetch();
      const { copy } = fetched;
      this.step('check');
      const checked = await checkCopy(this.parts, copy, { putAside: this.putAside(), signal });
      if (checked.stagingError !== undefined) this.errors.push(checked.stagingError);
      const input = this.inputOf(copy);
      const inspection = await this.inspect(session, input, checked);
      const plan = {
        source: request.source,
        mode: request.mode,
        database: request.database,
        exists: inspection.exists,
        stagingTo: request.stagingTo,
        errors: this.errors,
      };
      if (request.dryRun) return this.report('checked', inspection, { filesLeftOut: checked.leftOut });
      if (this.options.confirm !== undefined && !(await this.options.confirm(plan)))
        throw new BackupError('ABORTED', 'the restore was not confirmed; nothing was changed');
      throwIfAborted(signal);
      return await this.carryOut(session, input, copy.artifacts.staging, inspection);
    } finally {
      await session.close();
    }
  }

  private async fetch(): Promise<FetchedCopy> {
    const { source, stagingTo, dryRun } = this.request;
    const watched = withStall(source, this.parts.stall);
    const copy = stagingTo === undefined ? withStaging(watched, undefined) : watched;
    // A dry run leaves artifacts where they are, and reads them from there.
    if (dryRun) return { copy, [Symbol.asyncDispose]: () => Promise.resolve() };
    return fetchCopy(this.parts.primary, copy, { onStagingError: this.noteError, signal: this.signal });
  }

  private inputOf({ label, artifacts: { dump, globals }, manifest, trusted }: SetCopy): RestoreInput {
    const { allowPrivilegedRoles, keepGoing = false } = this.request;
    if (dump === undefined) throw new BackupError('ARTIFACT_NOT_FOUND', `${label} has no dump`);
    return { dump, globals, manifest, privilegedRoles: trusted || allowPrivilegedRoles, keepGoing };
  }

  private async recoverFiles(folder: string): Promise<void> {
    const onWarning = (message: string): void => void this.warnings.push(message);
    this.recovered.push(...(await this.parts.stagingRestorer.recover(folder, { onWarning })));
  }

  /** Does what belongs to the files. Failures are noted; only an abort ends the restore. */
  private async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    return work().catch(this.noteError);
  }

  private readonly noteError = (error: unknown): undefined => {
    throwIfAborted(this.signal);
    this.errors.push(toBackupError(error));
  };

  /** What is put aside before anything is replaced. */
  private putAside(): readonly ArtifactKind[] {
    const { dryRun, mode } = this.request;
    if (dryRun) return [];
    return mode.kind === 'aside' ? ['dump', 'staging'] : ['staging'];
  }

  private async inspect(
    session: RestoreSession,
    input: RestoreInput,
    { damaged }: CheckedCopy,
  ): Promise<Inspection> {
    const { request } = this;
    this.step('inspect');
    const unreadable = damaged.some(({ kind }) => kind === 'dump');
    const inspection = unreadable ? undefined : await session.inspect(input, request.mode);
    const { stagingTo } = request;
    const refusal =
      stagingTo === undefined
        ? undefined
        : await this.attempt(() => this.parts.stagingRestorer.refusal(stagingTo));
    if (refusal !== undefined) this.errors.push(new BackupError('STAGING_FAILED', refusal));
    const all = [...request.source.warnings, ...(inspection?.estimatedProblems ?? [])];
    const overridable = request.force ? [] : all;
    const allowed = refuse(request.source.label, { damaged, inspection, overridable });
    this.warnings.push(...all, ...allowed.warnings);
    // After a swap, `finishSwap` knows the names.
    if (request.dryRun || request.mode.kind !== 'aside') this.warnings.push(...allowed.logicalReplication);
    return allowed;
  }

  private async carryOut(
    session: RestoreSession,
    input: RestoreInput,
    archive: ArtifactContent | undefined,
    inspection: Inspection,
  ): Promise<RestoreReport> {
    const { stagingTo } = this.request;
    let unpacked: UnpackedStaging | undefined;
    try {
      if (archive !== undefined && stagingTo !== undefined && this.errors.length === 0) {
        this.step('unpack');
        unpacked = await this.attempt(() =>
          this.parts.stagingRestorer.unpack(archive, stagingTo, { signal: this.signal }),
        );
        this.warnings.push(...(unpacked?.warnings ?? []));
      }
      const { restored, previous } = await this.restoreDatabase(session, input);
      const report = this.report('restored', inspection, {
        restored,
        previous,
        members: unpacked?.members,
        filesLeftOut: unpacked?.leftOut ?? [],
      });
      return await this.finish(session, report, unpacked);
    } finally {
      await unpacked?.discard();
    }
  }

  private async restoreDatabase(
    session: RestoreSession,
    input: RestoreInput,
  ): Promise<{ restored: Restored; previous: string | undefined }> {
    const { mode } = this.request;
    if (mode.kind === 'tables')
      return { restored: await session.restoreTables(input, mode), previous: undefined };
    if (mode.kind === 'in-place') {
      const inPlace = await session.restoreInPlace(input);
      const restored = this.withRows(input, inPlace, withReason('live-database-differs'));
      return { restored, previous: undefined };
    }
    const aside = await session.restoreAside(input);
    try {
      const restored = this.withRows(input, aside, {
        hint: 'The live database is as it was: restore another set',
      });
      throwIfAborted(this.signal);
      this.step('swap');
      const { previous } = await aside.swap();
      return { restored, previous };
    } finally {
      await aside.discard();
    }
  }

  /** Compares the rows with those that were backed up. Differences are an error, or are listed when it keeps going. */
  private withRows({ manifest }: RestoreInput, restored: Restored, advice: BackupErrorOptions): Restored {
    const differences = compareRows(manifest, [...restored.rows, ...restored.extensionRows]);
    if (this.request.keepGoing === true)
      return { ...restored, incomplete: [...restored.incomplete, ...differences] };
    if (differences.length > 0)
      throw new BackupError(
        'RESTORE_FAILED',
        `the restored tables do not have the rows that were backed up: ${differences.join('; ')}`,
        advice,
      );
    return restored;
  }

  /** The database is restored: what fails from here on is told, and takes nothing back. */
  private async finish(
    session: RestoreSession,
    report: RestoreReport,
    unpacked: UnpackedStaging | undefined,
  ): Promise<RestoreReport> {
    const errors = [...this.errors];
    const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
      try {
        return await work();
      } catch (error) {
        errors.push(toBackupError(error));
        return undefined;
      }
    };
    const files = unpacked && (await attempt(() => unpacked.swap()));
    this.warnings.push(...(files?.warnings ?? []));
    const keep = !this.request.dropPrevious || errors.length > 0;
    const { previous } = report;
    const previousStaging = files?.previous;
    const swap =
      report.mode.kind === 'aside'
        ? await attempt(() => session.finishSwap(previous, { drop: !keep }))
        : undefined;
    this.warnings.push(...(swap?.warnings ?? []));
    if (!keep && previousStaging !== undefined)
      await attempt(() => this.parts.stagingRestorer.dropPrevious(previousStaging));
    const dropped = !keep && errors.length === 0;
    return {
      ...report,
      errors,
      finishedAt: this.parts.clock.now(),
      members: files && report.members,
      previous: swap?.dropped === true ? undefined : previous,
      previousStaging: dropped ? undefined : previousStaging,
    };
  }

  private report(
    outcome: RestoreReport['outcome'],
    { serverVersion, dumpVersion, exists }: Inspection,
    done: Partial<RestoreReport> = {},
  ): RestoreReport {
    const { source, mode, database, stagingTo } = this.request;
    const { recovered, warnings, startedAt } = this;
    const nothing = {
      restored: undefined,
      previous: undefined,
      previousStaging: undefined,
      members: undefined,
      filesLeftOut: [],
      errors: this.errors,
    };
    return {
      ...nothing,
      outcome,
      source,
      mode,
      database,
      stagingTo,
      exists,
      serverVersion,
      dumpVersion,
      recovered,
      warnings,
      startedAt,
      finishedAt: this.parts.clock.now(),
      ...done,
    };
  }

  private step(step: string): void {
    this.options.observer?.({ event: 'step', step });
  }
}
