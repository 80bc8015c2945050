import type { Checks, CheckResult } from '../model/manifest.ts';
import type { StoreOptions } from '../ports/artifact-store.ts';
import { amendManifest } from '../sets/amend-manifest.ts';
import type { Copy } from './copy.ts';
import type { RestoreTestReport } from './restore-test-report.ts';
import type { CopyReport } from './verify-report.ts';

/**
 * Writes into the manifest of a copy what was found out about it: from then on a bad one is passed over, and
 * a good one is shown as verified. The caller holds the lock. Copies without a manifest that can be read, and
 * files, are left as they are.
 * @returns all checks that the manifest tells of now; undefined when there was nothing to write, or nowhere
 */
export async function markCopy(
  { store, set }: Copy,
  found: Checks | undefined,
  options: StoreOptions = {},
): Promise<Checks | undefined> {
  if (store === undefined || set?.manifest === undefined || found === undefined) return undefined;
  let all: Checks = found;
  await amendManifest(store, set, ({ checks }) => ({ checks: (all = { ...checks, ...found }) }), options);
  return all;
}

/** The checks that a verification has made; undefined when it came to none. */
export function checksOf(
  { outcome, error, artifacts, restoreTest }: CopyReport,
  now: Date,
): Checks | undefined {
  if (error !== undefined || outcome === 'skipped') return undefined;
  const damaged = artifacts.flatMap(({ problem }) => problem ?? []);
  const read = result(damaged, now);
  // What was compared with a damaged manifest may look wrong, or right, by that alone.
  const isComparable = artifacts.every(({ kind, problem }) => kind !== 'manifest' || problem === undefined);
  const restored = isComparable ? checksOfRestoreTest(restoreTest, now) : undefined;
  if (damaged.length > 0) return { readable: read, ...restored };
  const judged = artifacts.every(({ unjudged }) => unjudged === undefined);
  return { checksum: read, ...(judged && { readable: read }), ...restored };
}

/** The check that a restore test is; undefined when it came to no answer. */
export function checksOfRestoreTest(
  restoreTest: RestoreTestReport | undefined,
  now: Date,
): Checks | undefined {
  if (restoreTest === undefined || restoreTest.outcome === 'inconclusive') return undefined;
  return { restored: result(restoreTest.outcome === 'passed' ? [] : restoreTest.reasons, now) };
}

function result(problems: readonly string[], now: Date): CheckResult {
  const at = now.toISOString();
  return problems.length === 0 ? { ok: true, at } : { ok: false, at, problem: problems.join('; ') };
}
