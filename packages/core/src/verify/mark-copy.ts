import type { Checks, CheckResult } from '../manifest/manifest.ts';
import type { StoreOptions } from '../ports/artifact-store.ts';
import { amendManifest } from '../sets/amend-manifest.ts';
import type { CopyReport } from './verify-report.ts';

/**
 * Writes into the manifest of a copy what was found out about it: from then on a bad one is passed over, and a good one is shown
 * as verified. The caller holds the lock. Copies without a manifest that can be read, and files, are left as they are.
 * @returns all checks that the manifest tells of now; undefined when there was nothing to write, or nowhere
 */
export async function markCopy(report: CopyReport, at: Date, options: StoreOptions = {}): Promise<Checks | undefined> {
  const { store, set } = report.copy;
  const found = checksOf(report, at.toISOString());
  if (store === undefined || set?.manifest === undefined || found === undefined) return undefined;
  let all: Checks = found;
  await amendManifest(store, set, ({ checks }) => ({ checks: (all = { ...checks, ...found }) }), options);
  return all;
}

function checksOf({ verdict, artifacts, drill }: CopyReport, at: string): Checks | undefined {
  if (verdict === 'unread' || verdict === 'gone') return undefined;
  const damaged = artifacts.flatMap(({ problem }) => problem ?? []);
  // What was compared with a damaged manifest may look wrong, or right, by that alone.
  const isComparable = artifacts.every(({ kind, problem }) => kind !== 'manifest' || problem === undefined);
  const restored = drill === undefined || drill.verdict === 'unprovable' || !isComparable ? undefined : result(drill.verdict === 'proven' ? [] : drill.reasons, at);
  if (artifacts.length === 0) return restored && { restored };
  const read = result(damaged, at);
  if (damaged.length > 0) return { readable: read, ...(restored && { restored }) };
  const judged = artifacts.every(({ unjudged }) => unjudged === undefined);
  return { checksum: read, ...(judged && { readable: read }), ...(restored && { restored }) };
}

function result(problems: readonly string[], at: string): CheckResult {
  return problems.length === 0 ? { ok: true, at } : { ok: false, at, problem: problems.join('; ') };
}
