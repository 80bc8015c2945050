import type { Clock } from '../ports/clock.ts';
import type { Lock } from '../ports/lock.ts';
import type { PrimaryStore } from '../ports/primary-store.ts';
import type { RetentionPolicy } from '../ports/retention-policy.ts';
import { applyRetention, readForRetention, type ApplyOptions } from './apply-retention.ts';
import { planRetention, type RetentionPlan } from './plan-retention.ts';

/** Everything that pruning works with. */
export interface PruneParts {
  readonly primary: PrimaryStore;
  readonly retention: RetentionPolicy;
  readonly clock: Clock;
  readonly lock: Lock;
}

/** Whose sets are pruned, and who is told. */
export interface PruneOptions {
  readonly database: string;
  /** Say what would be removed, and remove nothing; needs no lock. */
  readonly dryRun: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Told what is to be removed, before anything is. */
  readonly onPlanned?: ((plan: RetentionPlan) => void) | undefined;
  /** Told of each artifact that is gone. */
  readonly onRemoved?: ApplyOptions['onRemoved'];
}

/**
 * Retention outside of a run.
 * @throws BackupError LOCK_HELD when another process works on the volume; what an artifact could not be removed
 * for, once the others are gone
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
