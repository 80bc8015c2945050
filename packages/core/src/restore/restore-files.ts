import { BackupError, throwIfAborted } from '../base/errors.ts';
import { withStall } from '../catalog/watch-reading.ts';
import { checkCopy, refuse } from './check-copy.ts';
import { fetchCopy } from './fetch-copy.ts';
import { recoverFiles, type RestoreContext } from './restore-context.ts';
import type { RestoreReport } from './restore-report.ts';

const NO_DATABASE = { exists: false, serverVersion: undefined, dumpVersion: undefined };

/** Restores the files of a source alone, with the same checks. Opens no session on the database server. */
export async function restoreFiles(context: RestoreContext): Promise<RestoreReport> {
  const { parts, request, options, signal, warnings, errors } = context;
  const { source, mode, database, dryRun, force, dropPrevious, stagingTo } = request;
  const { staging } = source.artifacts;
  if (stagingTo === undefined || staging === undefined)
    throw new BackupError(
      'ARTIFACT_NOT_FOUND',
      `${source.label} has no staging archive, or no folder is given`,
    );
  if (!dryRun) await recoverFiles(context, stagingTo);
  const onlyFiles = withStall({ ...source, artifacts: { staging } }, parts.stall);
  context.step('fetch');
  const onStagingError = (error: unknown): never => {
    throw error;
  };
  await using fetched = dryRun
    ? { copy: onlyFiles, [Symbol.asyncDispose]: () => Promise.resolve() }
    : await fetchCopy(parts.primary, context.watch(onlyFiles, 'fetch'), { onStagingError, signal });
  context.step('check');
  const checked = await checkCopy(parts, context.watch(fetched.copy, 'check'), {
    putAside: dryRun ? [] : ['staging'],
    signal,
  });
  if (checked.stagingError !== undefined) throw checked.stagingError;
  const refusal = await parts.stagingRestorer.refusal(stagingTo);
  if (refusal !== undefined) throw new BackupError('STAGING_FAILED', refusal);
  if (source.warnings.length > 0 && !force)
    refuse(source.label, { damaged: [], inspection: undefined, overridable: source.warnings });
  warnings.push(...source.warnings);
  if (dryRun) return context.report('checked', NO_DATABASE, { filesLeftOut: checked.leftOut });
  const plan = { source, mode, database, exists: false, stagingTo, errors };
  if (options.confirm !== undefined && !(await options.confirm(plan)))
    throw new BackupError('ABORTED', 'the restore was not confirmed; nothing was changed');
  throwIfAborted(signal);
  context.step('unpack');
  const archive = context.watch(fetched.copy, 'unpack', 2).artifacts.staging ?? staging;
  const unpacked = await parts.stagingRestorer.unpack(archive, stagingTo, { signal });
  try {
    throwIfAborted(signal);
    const { previous, warnings: ofSwap } = await unpacked.swap();
    warnings.push(...unpacked.warnings, ...ofSwap);
    const drops = dropPrevious && previous !== undefined;
    if (drops) await context.attempt(() => parts.stagingRestorer.dropPrevious(previous));
    const previousStaging = drops && errors.length === 0 ? undefined : previous;
    const { members, leftOut: filesLeftOut } = unpacked;
    return context.report('restored', NO_DATABASE, { members, filesLeftOut, previousStaging });
  } finally {
    await unpacked.discard();
  }
}
