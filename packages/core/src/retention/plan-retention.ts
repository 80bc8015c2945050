import type { ArtifactKey } from '../model/artifact-key.ts';
import { TIERS } from '../model/tier.ts';
import { timestampToDate } from '../model/timestamp.ts';
import type { RetentionPolicy, RetentionVerdict } from '../ports/retention-policy.ts';
import { isRestorable, newestFirst, type BackupSet } from '../model/backup-set.ts';
import { isHeld } from '../model/state-file.ts';
import { hasFailedTest, hasPassedTest, newestPassed } from '../catalog/restore-tests.ts';

/** The sets of a store and the policy for them. */
export interface RetentionRequest {
  readonly sets: readonly BackupSet[];
  /** State files without a set, as older versions leave them after pruning. They are removed. */
  readonly loneStates?: readonly ArtifactKey[] | undefined;
  readonly policy: RetentionPolicy;
  /** Name of the database. Sets of other databases in the same store stay. */
  readonly database: string;
  readonly now: Date;
}

/** Result of a policy after the safety rules. */
export interface RetentionPlan {
  /** One verdict for each set, newest first. */
  readonly verdicts: readonly RetentionVerdict[];
  /**
   * Keys to remove, in this order. The manifest of each set comes first and its state file last. A
   * half-removed set thus never passes for a good one.
   */
  readonly remove: readonly ArtifactKey[];
  /**
   * The newest set, if it is suspicious or its manifest was not readable. Nothing is removed then.
   * `undefined` otherwise.
   */
  readonly suspendedBy: BackupSet | undefined;
}

/**
 * Applies a policy to the sets of one database, tier by tier. Pure. Independent of the policy, these sets
 * always stay:
 *
 * - the newest complete set of each tier, or the newest legacy one if there is none;
 * - the newest set with a passed restore test, while the test of a newer one failed;
 * - held sets, which do not count towards the kept ones;
 * - sets of other databases, and sets that no trusted key signed;
 * - sets with a timestamp in the future, because the clock was or is wrong. They do not count towards the
 *   kept sets;
 * - sets whose manifest the store failed to read, because they may have any state;
 * - all sets, while the newest one is or may be suspicious. The data that it lacks may be in any other set.
 */
export function planRetention({
  sets,
  loneStates = [],
  policy,
  database,
  now,
}: RetentionRequest): RetentionPlan {
  const ours = sets.filter((set) => whyNotOurs(set, database, now) === undefined);
  const suspendedBy = suspicious(ours);
  const decided = TIERS.flatMap((tier) => {
    const ofTier = sets.filter((set) => set.tier === tier);
    const aside = ofTier.flatMap((set) => setAside(set, database, now));
    const apart = new Set(aside.map(({ set }) => set));
    const candidates = ofTier.filter((set) => !apart.has(set));
    return [...aside, ...guarded(candidates, policy.decide(candidates, { tier, now }))];
  });
  const verdicts = keepingPassed(decided, ours)
    .map((verdict) => suspended(verdict, suspendedBy))
    .sort((one, other) => newestFirst(one.set, other.set));

  const stays = new Set(verdicts.filter(({ keep }) => keep).flatMap(({ set }) => removalOrder(set)));
  const goes = verdicts.filter(({ keep }) => !keep).flatMap(({ set }) => removalOrder(set));
  const remove = [...new Set(goes)].filter((key) => !stays.has(key));
  return { verdicts, remove: [...remove, ...loneStates], suspendedBy };
}

/**
 * Returns the newest set of any tier if it is or may be suspicious, even if it is also bad. Ignores other bad
 * sets, and partial and unchecked sets.
 */
function suspicious(sets: readonly BackupSet[]): BackupSet | undefined {
  const judged = sets.filter((set) => set.state === 'complete' || maySuspend(set)).sort(newestFirst);
  return judged.find((set) => maySuspend(set) && set.timestamp === judged[0]?.timestamp);
}

function maySuspend(set: BackupSet): boolean {
  return set.unread === true || isSuspected(set);
}

function isSuspected({ state, suspicion }: BackupSet): boolean {
  return state === 'suspicious' || (state === 'bad' && suspicion !== undefined);
}

function suspended({ set, keep, reason }: RetentionVerdict, by: BackupSet | undefined): RetentionVerdict {
  if (keep || by === undefined) return { set, keep, reason };
  const why =
    by.unread === true
      ? 'cannot be read: nothing is removed until it can'
      : 'is suspicious: nothing is removed until it is accepted';
  return { set, keep: true, reason: `${reason}, but the newest set (${by.timestamp}) ${why}` };
}

function setAside(set: BackupSet, database: string, now: Date): RetentionVerdict[] {
  const reason =
    whyNotOurs(set, database, now) ??
    heldText(set, now) ??
    (set.state === 'untrusted' ? `not trusted: ${set.problems[0] ?? ''}` : undefined) ??
    (set.unread === true ? `nobody knows what it is: ${set.problems.join('; ')}` : undefined);
  return reason === undefined ? [] : [{ set, keep: true, reason }];
}

/** Returns the text of a hold in force. `undefined` if there is none. */
export function heldText(set: BackupSet, now: Date): string | undefined {
  const { hold } = set;
  if (hold === undefined || !isHeld(set, now)) return undefined;
  const end = hold.until === undefined ? '' : ` until ${hold.until.slice(0, 10)}`;
  return `held${end}${hold.note === undefined ? '' : `: ${hold.note}`}`;
}

/** Returns why the retention of this database ignores a set. `undefined` if it does not. */
function whyNotOurs(set: BackupSet, database: string, now: Date): string | undefined {
  if (set.database !== undefined && set.database !== database) return `of another database (${set.database})`;
  return timestampToDate(set.timestamp) > now ? 'its timestamp lies in the future' : undefined;
}

function guarded(
  candidates: readonly BackupSet[],
  verdicts: readonly RetentionVerdict[],
): RetentionVerdict[] {
  const ordered = [...candidates].sort(newestFirst);
  const newest = ordered.find(({ state }) => state === 'complete') ?? ordered.find(isRestorable);
  const verdictOf = new Map(verdicts.map((verdict) => [verdict.set, verdict]));
  return ordered.map((set) => {
    const verdict = verdictOf.get(set);
    if (verdict === undefined) return { set, keep: true, reason: 'the policy says nothing of it' };
    if (set === newest && !verdict.keep)
      return { set, keep: true, reason: 'the newest good set, always kept' };
    return verdict;
  });
}

/** Keeps one copy of the newest set with a passed restore test, while the test of a newer one failed. */
function keepingPassed(
  verdicts: readonly RetentionVerdict[],
  ours: readonly BackupSet[],
): readonly RetentionVerdict[] {
  const passed = newestPassed(ours);
  if (passed === undefined || !ours.some((set) => set.timestamp > passed && hasFailedTest(set)))
    return verdicts;
  const copies = verdicts.filter(
    ({ set }) => set.timestamp === passed && hasPassedTest(set) && ours.includes(set),
  );
  if (copies.some(({ keep }) => keep)) return verdicts;
  const reason = 'the newest set whose restore test passed, kept while newer ones failed';
  return verdicts.map((verdict) =>
    verdict === copies[0] ? { set: verdict.set, keep: true, reason } : verdict,
  );
}

/**
 * The manifest comes first. The state file comes last, because a dump with a state file does not pass for
 * legacy.
 */
export function removalOrder({ artifacts, stateFile }: BackupSet): ArtifactKey[] {
  const rank = (kind: string): number => (kind === 'manifest' ? 0 : 1);
  const sorted = [...artifacts].sort((one, other) => rank(one.kind) - rank(other.kind));
  return [...sorted, ...(stateFile === undefined ? [] : [stateFile])].map(({ key }) => key);
}
