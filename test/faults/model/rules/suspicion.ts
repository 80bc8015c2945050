import { TIERS } from '@geolens/backup-core';
import { copiesIn, stateOf, type StoreName } from '../copies.ts';
import type { Facts, Model } from '../model.ts';

const BASELINE_SETS = 7;

export interface SizeBaseline {
  readonly former: readonly Facts[];
  readonly acceptedSince: string | undefined;
}

/**
 * The last complete sets, none of before one that was accepted; those of the bucket where the volume has
 * none, and the bucket can be asked.
 */
export function sizeBaselineFor(model: Model, timestamp: string, askBucket: boolean): SizeBaseline {
  const here = completeIn(model, 'local');
  const sets = here.size > 0 || !askBucket ? here : completeIn(model, 's3');
  const since =
    [...sets]
      .map(([made, accepted]) => (accepted ? made : (model.facts.get(made)?.acceptedSince ?? '')))
      .sort()
      .at(-1) ?? '';
  const counting = [...sets.keys()]
    .filter((made) => made >= since)
    .sort()
    .reverse()
    .slice(0, BASELINE_SETS);
  return {
    former: counting.map((made) => model.facts.get(made)!),
    acceptedSince: since !== '' && since < timestamp ? since : undefined,
  };
}

/** Whether something of a new set is under half of what the sets before it have. */
export function isSmall({ rows, bytes }: Pick<Facts, 'rows' | 'bytes'>, { former }: SizeBaseline): boolean {
  const baseline: readonly [number, readonly number[]][] = [
    [rows, former.map((one) => one.rows)],
    [bytes.dump, former.map((one) => one.bytes.dump)],
    [bytes.staging, former.map((one) => one.bytes.staging)],
  ];
  return former.length > 0 && baseline.some(([value, before]) => value < middleOf(before) / 2);
}

/** Timestamps, and whether they were accepted. */
function completeIn(model: Model, store: StoreName): ReadonlyMap<string, boolean> {
  const complete = TIERS.flatMap((tier) => copiesIn(model.copies, store, tier)).filter(
    ({ copy }) => stateOf(copy) === 'complete',
  );
  return new Map(
    complete.map(({ timestamp }) => [
      timestamp,
      complete.some((one) => one.timestamp === timestamp && one.copy.accepted),
    ]),
  );
}

function middleOf(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((one, other) => one - other);
  const [lower, upper] = [sorted[Math.ceil(sorted.length / 2) - 1]!, sorted[Math.floor(sorted.length / 2)]!];
  return (lower + upper) / 2;
}
