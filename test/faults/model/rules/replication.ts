import { TIERS } from '@geolens/backup-core';
import {
  copiesIn,
  idOf,
  isSound,
  isWhole,
  KINDS,
  newCopy,
  stateOf,
  textOf,
  type Copies,
  type Copy,
} from '../copies.ts';
import { copiedAsFarAs, type Demand, type Demands } from '../demands.ts';

/** `there`: every sound set has to be copied; `shaky`: what can be is; `away`: nothing is. */
export type BucketMood = 'there' | 'shaky' | 'away';

/** What has to be in the bucket after a run that had these sets on its volume. */
export function whatBucketHas(copies: Copies, mood: BucketMood): Demands {
  const demands = new Map<string, Demand>();
  if (mood === 'away') return demands;
  for (const tier of TIERS) {
    for (const { timestamp, copy } of copiesIn(copies, 'local', tier)) {
      if (!isWhole(copy) && stateOf(copy) !== 'legacy') continue;
      const id = idOf({ store: 's3', tier, timestamp });
      const theirs = copies.get(id);
      const copySource =
        tier === 'weekly' ? copies.get(idOf({ store: 's3', tier: 'daily', timestamp })) : undefined;
      const due = mood === 'there' && isWhole(copy) && isSound(copy);
      demands.set(
        id,
        due
          ? copied(copy, theirs, copySource)
          : copiedAsFarAs(
              theirs,
              copy,
              ...(copySource === undefined ? [] : [copySource]),
              ...remedies(copy, theirs),
            ),
      );
    }
  }
  return demands;
}

/** An acceptance that only the bucket knows of stays; what a bad copy is replaced by is sound. */
function remedies(copy: Copy, theirs: Copy | undefined): readonly Copy[] {
  return [
    { ...newCopy(copy.suspected), accepted: copy.accepted },
    ...(theirs?.accepted === true ? [{ ...copy, suspected: false, accepted: true }] : []),
  ];
}

/**
 * All is there, and is no longer called bad. What has been damaged in the bucket and looks as it should may
 * stay so, and be copied there from one tier to the other, until a check finds it.
 */
function copied(copy: Copy, theirs: Copy | undefined, copySource: Copy | undefined): Demand {
  const replaced = theirs?.bad === true;
  const holds = (after: Copy | undefined): boolean => {
    if (!isWhole(after)) return false;
    const files = KINDS.every(
      (kind) =>
        after.files[kind] === 'sound' ||
        (!replaced && [theirs, copySource].some((one) => one?.files[kind] === 'damaged')),
    );
    const marks = [copy, ...(theirs?.accepted === true ? [{ suspected: false, accepted: true }] : [])];
    return (
      files &&
      marks.some(({ suspected, accepted }) => after.suspected === suspected && after.accepted === accepted)
    );
  };
  return { says: `as on the volume (${textOf(copy)})`, holds };
}
