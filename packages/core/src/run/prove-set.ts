import { BackupError, throwIfAborted, toBackupError } from '../errors.ts';
import type { Manifest } from '../manifest/manifest.ts';
import type { Clock } from '../ports/clock.ts';
import type { PrimaryStore } from '../ports/primary-store.ts';
import { contentOf } from '../ports/restore-artifact.ts';
import { readSets } from '../sets/read-sets.ts';
import { copyOfSet } from '../verify/copy.ts';
import { drillCopy, type DrillParts } from '../verify/drill-copy.ts';
import type { DrillReport } from '../verify/drill-report.ts';
import { checksOfDrill, markCopy } from '../verify/mark-copy.ts';
import type { CopyReading } from '../verify/read-copy.ts';

export interface ProveParts extends DrillParts {
  readonly primary: PrimaryStore;
  readonly clock: Clock;
}

export interface ProvenSet {
  readonly drill: DrillReport;
  /** The manifest, with what was found out. */
  readonly manifest: Manifest;
  /** Why the outcome could not be written into it: it is no less true. */
  readonly unmarked: BackupError | undefined;
}

/**
 * Rehearses the restore of a set that was just published, and writes the outcome into its manifest. The
 * caller holds the lock.
 */
export async function proveSet(
  parts: ProveParts,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<ProvenSet> {
  const { timestamp } = manifest;
  const set = (await readSets(parts.primary, { signal })).find(
    (one) => one.tier === 'daily' && one.timestamp === timestamp && one.manifest !== undefined,
  );
  const copy = set && copyOfSet(parts.primary, set, { signal });
  const dump = copy?.artifacts.dump;
  if (copy === undefined || dump === undefined)
    throw new BackupError('ARTIFACT_NOT_FOUND', `the set ${timestamp} is gone before it could be proven`);
  const { staging } = copy.artifacts;
  // It was read when it was made.
  const alreadyRead: CopyReading = { artifacts: [], staging: staging && contentOf(staging) };
  const { drill } = await drillCopy(parts, copy, dump, () => Promise.resolve(alreadyRead), { signal });
  if (drill === undefined) throw new BackupError('ARTIFACT_UNREADABLE', `the set ${timestamp} is damaged`);
  try {
    const checks = await markCopy(copy, checksOfDrill(drill, parts.clock.now()), { signal });
    return {
      drill,
      manifest: checks === undefined ? manifest : { ...manifest, checks },
      unmarked: undefined,
    };
  } catch (error) {
    throwIfAborted(signal);
    return { drill, manifest, unmarked: toBackupError(error) };
  }
}
