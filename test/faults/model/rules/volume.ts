import { formatTimestamp, type KeepCounts, type RunReport } from '@geolens/backup-core';
import { idOf, placeOf, textOf, type Copies, type Copy } from '../copies.ts';
import { copiedAsFarAs, either, exactly, removedAsFarAs, type Demand, type Demands } from '../demands.ts';
import { isOfSunday, whatWeeklyLacks } from './promotion.ts';
import { whatGoes } from './retention.ts';

export interface Made {
  readonly timestamp: string;
  readonly copy: Copy;
}

export interface Volume {
  readonly demands: Demands;
  /** What there was before retention, with what was in the bucket before. */
  readonly copies: Copies;
}

/** The copies once the run has brought to `weekly` what former runs could not. */
export function promotedFirst(copies: Copies, startedAt: Date): Copies {
  const lacks = whatWeeklyLacks(copies, formatTimestamp(startedAt));
  if (lacks === undefined) return copies;
  return new Map(copies).set(
    idOf({ store: 'local', tier: 'weekly', timestamp: lacks }),
    copies.get(idOf({ store: 'local', tier: 'daily', timestamp: lacks }))!,
  );
}

function withNew(copies: Copies, made: Made | undefined): Copies {
  if (made === undefined) return copies;
  const { timestamp, copy } = made;
  const all = new Map(copies).set(idOf({ store: 'local', tier: 'daily', timestamp }), copy);
  return isOfSunday(timestamp) ? all.set(idOf({ store: 'local', tier: 'weekly', timestamp }), copy) : all;
}

function ofVolume(copies: Copies): readonly (readonly [string, Copy])[] {
  return [...copies].filter(([id]) => placeOf(id).store === 'local');
}

function later(now: Date, made: Made): string {
  const moment = formatTimestamp(now);
  return moment > made.timestamp ? moment : made.timestamp;
}

/**
 * The set is there, in `weekly` too when it is of a Sunday, and retention has removed what it has to. Without
 * a set it removed nothing.
 */
export function madeWhole(
  promoted: Copies,
  made: Made | undefined,
  counts: KeepCounts,
  { startedAt }: RunReport,
): Volume {
  const copies = withNew(promoted, made);
  const goes = made === undefined ? new Set<string>() : whatGoes(copies, counts, later(startedAt, made));
  return {
    copies,
    demands: new Map(ofVolume(copies).map(([id, copy]) => [id, exactly(goes.has(id) ? undefined : copy)])),
  };
}

/**
 * The set is there if the run says so. The other tier and retention are as far as they got, and no farther
 * than they may.
 */
export function madeAsFarAs(
  before: Copies,
  promoted: Copies,
  made: Made | undefined,
  counts: KeepCounts,
  { startedAt }: RunReport,
): Volume {
  const copies = withNew(promoted, made);
  const goes = made === undefined ? new Set<string>() : whatGoes(copies, counts, later(startedAt, made));
  const demand = (id: string, copy: Copy): Demand => {
    const had = before.get(id);
    const { tier, timestamp } = placeOf(id);
    if (textOf(had) !== textOf(copy) && tier === 'weekly')
      return goes.has(id) ? either(copiedAsFarAs(had, copy), removedAsFarAs(copy)) : copiedAsFarAs(had, copy);
    if (timestamp === made?.timestamp) return exactly(copy);
    return goes.has(id) ? removedAsFarAs(copy) : exactly(copy);
  };
  return { copies, demands: new Map(ofVolume(copies).map(([id, copy]) => [id, demand(id, copy)])) };
}
