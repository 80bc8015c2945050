import {
  BackupError,
  throwIfAborted,
  toBackupError,
  withReason,
  type BackupErrorOptions,
} from '../base/errors.ts';
import { compareRows } from '../model/compare-rows.ts';
import type { ArtifactContent } from '../ports/artifact-store.ts';
import type { Inspection, Restored, RestoreInput, RestoreSession } from '../ports/dump-restorer.ts';
import type { UnpackedStaging } from '../ports/staging-restorer.ts';
import type { RestoreContext } from './restore-context.ts';
import type { RestoreReport } from './restore-report.ts';

/** A restore that has passed all checks. */
export interface CheckedRestore {
  readonly input: RestoreInput;
  readonly archive: ArtifactContent | undefined;
  readonly inspection: Inspection;
}

/** Unpacks the files, restores the database, and puts both in place. */
export async function carryOut(
  context: RestoreContext,
  session: RestoreSession,
  { input, archive, inspection }: CheckedRestore,
): Promise<RestoreReport> {
  const unpacked = await unpack(context, archive);
  try {
    const { restored, previous } = await restoreDatabase(context, session, input);
    const report = context.report('restored', inspection, {
      restored,
      previous,
      members: unpacked?.members,
      filesLeftOut: unpacked?.leftOut ?? [],
    });
    return await finish(context, session, report, unpacked);
  } finally {
    await unpacked?.discard();
  }
}

async function unpack(
  context: RestoreContext,
  archive: ArtifactContent | undefined,
): Promise<UnpackedStaging | undefined> {
  const { parts, request, signal, warnings, errors } = context;
  const { stagingTo } = request;
  if (archive === undefined || stagingTo === undefined || errors.length > 0) return undefined;
  context.step('unpack');
  const unpacked = await context.attempt(() => parts.stagingRestorer.unpack(archive, stagingTo, { signal }));
  warnings.push(...(unpacked?.warnings ?? []));
  return unpacked;
}

async function restoreDatabase(
  context: RestoreContext,
  session: RestoreSession,
  input: RestoreInput,
): Promise<{ restored: Restored; previous: string | undefined }> {
  const { mode } = context.request;
  if (mode.kind === 'tables')
    return { restored: await session.restoreTables(input, mode), previous: undefined };
  if (mode.kind === 'in-place') {
    const inPlace = await session.restoreInPlace(input);
    return { restored: withRows(input, inPlace, withReason('live-database-differs')), previous: undefined };
  }
  const aside = await session.restoreAside(input);
  try {
    const hint = 'The live database is as it was: restore another set';
    const restored = withRows(input, aside, { hint });
    throwIfAborted(context.signal);
    context.step('swap');
    const { previous } = await aside.swap();
    return { restored, previous };
  } finally {
    await aside.discard();
  }
}

/**
 * Compares the rows with those that were backed up. Differences cause an error, or are listed with
 * `keepGoing`.
 */
function withRows(
  { manifest, keepGoing }: RestoreInput,
  restored: Restored,
  advice: BackupErrorOptions,
): Restored {
  const differences = compareRows(manifest, [...restored.rows, ...restored.extensionRows]);
  if (keepGoing === true) return { ...restored, incomplete: [...restored.incomplete, ...differences] };
  if (differences.length === 0) return restored;
  throw new BackupError(
    'RESTORE_FAILED',
    `the restored tables do not have the rows that were backed up: ${differences.join('; ')}`,
    advice,
  );
}

/** Completes a restore after the database is in place. Failures are reported and undo nothing. */
async function finish(
  { parts, request, warnings, errors: before }: RestoreContext,
  session: RestoreSession,
  report: RestoreReport,
  unpacked: UnpackedStaging | undefined,
): Promise<RestoreReport> {
  const errors = [...before];
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      errors.push(toBackupError(error));
      return undefined;
    }
  };
  const files = unpacked && (await attempt(() => unpacked.swap()));
  warnings.push(...(files?.warnings ?? []));
  const keep = !request.dropPrevious || errors.length > 0;
  const { previous } = report;
  const previousStaging = files?.previous;
  const swap =
    report.mode.kind === 'aside'
      ? await attempt(() => session.finishSwap(previous, { drop: !keep }))
      : undefined;
  warnings.push(...(swap?.warnings ?? []));
  if (!keep && previousStaging !== undefined)
    await attempt(() => parts.stagingRestorer.dropPrevious(previousStaging));
  const dropped = !keep && errors.length === 0;
  return {
    ...report,
    errors,
    finishedAt: parts.clock.now(),
    members: files && report.members,
    previous: swap?.dropped === true ? undefined : previous,
    previousStaging: dropped ? undefined : previousStaging,
  };
}
