import { BackupError, throwIfAborted } from '../base/errors.ts';
import { withDetails } from '../catalog/plain-text.ts';
import { withStaging } from '../catalog/set-copy.ts';
import { withoutFiles, withStall } from '../catalog/watch-reading.ts';
import type { ArtifactKind } from '../model/artifact-name.ts';
import type { Inspection, RestoreInput, RestoreMode, RestoreSession } from '../ports/dump-restorer.ts';
import type { SetCopy } from '../ports/set-copy.ts';
import { carryOut } from './carry-out.ts';
import { checkCopy, refuse, type CheckedCopy } from './check-copy.ts';
import { fetchCopy, type FetchedCopy } from './fetch-copy.ts';
import {
  recoverFiles,
  RestoreContext,
  type RestoreOptions,
  type RestoreParts,
  type RestoreRequest,
} from './restore-context.ts';
import { restoreFiles } from './restore-files.ts';
import type { RestoreReport } from './restore-report.ts';

/**
 * Restores a database and its files from one source. Checks everything before the first change, then puts the
 * result in place. In the mode `aside`, a failure before the swap changes nothing.
 * @throws BackupError RESTORE_REFUSED or ARTIFACT_UNREADABLE, with the list of all problems
 * @throws BackupError KEY_MISSING if the source is encrypted and no identity opens it
 * @throws BackupError LOCK_HELD if another process holds the lock
 * @throws BackupError RESTORE_FAILED if the restore fails
 * @throws BackupError ABORTED if the signal fires
 */
export async function restore(
  parts: RestoreParts,
  requested: RestoreRequest,
  options: RestoreOptions,
): Promise<RestoreReport> {
  // A missing identity is found before anything else is asked.
  const request = { ...requested, source: await withDetails(requested.source) };
  if (request.dryRun) return runStages(new RestoreContext(parts, request, options, options.signal));
  const lease = await parts.lock.acquire({ command: 'restore' }, { signal: options.signal });
  try {
    const signal = AbortSignal.any([options.signal, lease.lost]);
    await parts.primary.cleanUp({ signal });
    return await runStages(new RestoreContext(parts, request, options, signal));
  } finally {
    await lease.release();
  }
}

async function runStages(context: RestoreContext): Promise<RestoreReport> {
  const { parts, request, options, signal, recovered } = context;
  const { dryRun, database, stagingTo, mode, source } = request;
  if (mode.kind === 'files') return restoreFiles(context);
  const session = await parts.restorer.open(database, {
    exclusive: !dryRun,
    signal,
    observer: options.observer,
  });
  try {
    recovered.push(...session.recovered);
    if (!dryRun && stagingTo !== undefined) await context.attempt(() => recoverFiles(context, stagingTo));
    context.step('fetch');
    await using fetched = await fetch(context);
    const { copy } = fetched;
    context.step('check');
    const checked = await checkCopy(parts, context.watch(copy, 'check'), {
      putAside: putAside(request),
      signal,
    });
    if (checked.stagingError !== undefined) context.errors.push(checked.stagingError);
    const input = inputOf(request, copy);
    const inspection = await inspect(context, session, { input, mode }, checked);
    if (dryRun) return context.report('checked', inspection, { filesLeftOut: checked.leftOut });
    const { exists, liveRows } = inspection;
    const plan = { source, mode, database, exists, liveRows, stagingTo, errors: context.errors };
    if (options.confirm !== undefined && !(await options.confirm(plan)))
      throw new BackupError('ABORTED', 'the restore was not confirmed; nothing was changed');
    throwIfAborted(signal);
    const { staging } = copy.artifacts;
    // Without a path, because a program that gets one reads the file itself, without progress.
    const unpacking = staging && withoutFiles({ ...copy, artifacts: { staging } });
    const toUnpack = unpacking && context.watch(unpacking, 'unpack', 2);
    return await carryOut(context, session, { input, archive: toUnpack?.artifacts.staging, inspection });
  } finally {
    await session.close();
  }
}

async function fetch(context: RestoreContext): Promise<FetchedCopy> {
  const { parts, request, signal, noteError } = context;
  const watched = withStall(request.source, parts.stall);
  const copy = request.stagingTo === undefined ? withStaging(watched, undefined) : watched;
  // A dry run reads the artifacts in place.
  if (request.dryRun) return { copy, [Symbol.asyncDispose]: () => Promise.resolve() };
  return fetchCopy(parts.primary, context.watch(copy, 'fetch'), { onStagingError: noteError, signal });
}

/** Returns the kinds that are unpacked next to the live content before anything is replaced. */
function putAside({ dryRun, mode }: RestoreRequest): readonly ArtifactKind[] {
  if (dryRun) return [];
  return mode.kind === 'aside' ? ['dump', 'staging'] : ['staging'];
}

function inputOf(
  { allowPrivilegedRoles, keepGoing = false }: RestoreRequest,
  { label, artifacts: { dump, globals }, manifest, trusted }: SetCopy,
): RestoreInput {
  if (dump === undefined) throw new BackupError('ARTIFACT_NOT_FOUND', `${label} has no dump`);
  return { dump, globals, manifest, privilegedRoles: trusted || allowPrivilegedRoles, keepGoing };
}

/**
 * Inspects the dump and the server.
 * @throws BackupError with all problems that prevent the restore
 */
async function inspect(
  context: RestoreContext,
  session: RestoreSession,
  { input, mode }: { readonly input: RestoreInput; readonly mode: RestoreMode },
  { damaged }: CheckedCopy,
): Promise<Inspection> {
  const { parts, request, warnings, errors } = context;
  const { source, stagingTo, force, dryRun } = request;
  context.step('inspect');
  const unreadable = damaged.some(({ kind }) => kind === 'dump');
  const inspection = unreadable ? undefined : await session.inspect(input, mode);
  const refusal =
    stagingTo === undefined
      ? undefined
      : await context.attempt(() => parts.stagingRestorer.refusal(stagingTo));
  if (refusal !== undefined) errors.push(new BackupError('STAGING_FAILED', refusal));
  const all = [...source.warnings, ...(inspection?.estimatedProblems ?? [])];
  const allowed = refuse(source.label, { damaged, inspection, overridable: force ? [] : all });
  warnings.push(...all, ...allowed.warnings);
  // After a swap, `finishSwap` reports them with the final names.
  if (dryRun || mode.kind !== 'aside') warnings.push(...allowed.logicalReplication);
  return allowed;
}
