import type { Clock } from '../ports/clock.ts';
import type { Lock } from '../ports/lock.ts';
import type { PrimaryStore } from '../ports/primary-store.ts';
import type { RetentionPolicy } from '../ports/retention-policy.ts';
import { applyRetention, readForRetention, type ApplyOptions } from './apply-retention.ts';
import { planRetention, type RetentionPlan } from './plan-retention.ts';

/** Dependencies of pruning. */
export interface PruneParts {
  readonly primary: PrimaryStore;
  readonly retention: RetentionPolicy;
  readonly clock: Clock;
  readonly lock: Lock;
}

/** Database, mode and callbacks of pruning. */
export interface PruneOptions {
  readonly database: string;
  /** Whether to report the plan without removing anything. Needs no lock. */
  readonly dryRun: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Called with the plan before the first removal. */
  readonly onPlanned?: ((plan: RetentionPlan) => void) | undefined;
  /** Called for each removed artifact. */
  readonly onRemoved?: ApplyOptions['onRemoved'];
}

/**
 * Applies retention outside of a run.
 * @throws BackupError LOCK_HELD if another process works on the volume
 * @throws BackupError of the first artifact that could not be removed, after the removal of the others
 */
export async function prune(
  parts: PruneParts,
  { database, dryRun, signal: stop, onPlanned, onRemoved }: PruneOptions,
): Promise<RetentionPlan> {
  const plan = async (signal?: AbortSignal): Promise<RetentionPlan> =>
    planRetention({
      ...(await readForRetention(parts.primary, { signal })),
      policy: parts.retention,
      database,
      now: parts.clock.now(),
    });
  if (dryRun) return plan(stop);
  const lease = await parts.lock.acquire({ command: 'prune' }, { signal: stop });
  const signal = AbortSignal.any([lease.lost, ...(stop === undefined ? [] : [stop])]);
  try {
    await parts.primary.cleanUp({ signal });
    const decided = await plan(signal);
    onPlanned?.(decided);
    await applyRetention(parts.primary, decided, { signal, onRemoved });
    return decided;
  } finally {
    await lease.release();
  }
}
