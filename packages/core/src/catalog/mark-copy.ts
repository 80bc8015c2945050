import { companionKey, splitKey, type ArtifactKey } from '../model/artifact-key.ts';
import type { BackupSet } from '../model/backup-set.ts';
import { damageIn } from '../model/damage.ts';
import { CHECK_NAMES, entryOf, type Checks, type CheckResult, type Manifest } from '../model/manifest.ts';
import { timeOf } from '../model/state-file.ts';
import type { StoreOptions } from '../ports/artifact-store.ts';
import type { SetCopy } from '../ports/set-copy.ts';
import type { ReplicaRecord } from '../ports/replica-records.ts';
import { manifestTextOf, textSource } from '../ports/text-source.ts';
import { recordState } from './state-files.ts';

/** Maximum length of a recorded reason in characters. It keeps state files small enough to be read. */
const LONGEST_REASON = 10_000;

/**
 * Records check results in the state file of a copy. The caller holds the lock. Does not change files, or
 * copies with an unusable manifest.
 * @returns the latest result of each check
 * @throws BackupError ARTIFACT_NOT_FOUND if the set was removed meanwhile
 */
export async function markCopy(
  { stored, checks }: SetCopy,
  found: Checks | undefined,
  options: StoreOptions = {},
): Promise<Checks> {
  if (stored?.set.manifest === undefined || found === undefined) return checks;
  const { store, set } = stored;
  const text = await manifestTextOf(store.read(companionKey(set, 'manifest'), undefined, options));
  const learnt = { ...found, ...Object.fromEntries(CHECK_NAMES.flatMap(notBefore(checks, found))) };
  await recordState(store, set, { checks: learnt }, options);
  // What another process may have written is not recorded as checked by this installation.
  if (set.state !== 'untrusted' && store.records !== undefined) {
    const before = await store.records.read();
    await store.records.update(recordsOf(set, stored.set.manifest, text, { ...checks, ...learnt }, before));
  }
  return { ...checks, ...learnt };
}

/**
 * Returns the records of the artifacts of a replica after they were read. For damaged artifacts, only the
 * checks.
 */
function recordsOf(
  set: BackupSet,
  manifest: Manifest,
  text: string,
  checks: Checks,
  before: ReadonlyMap<ArtifactKey, ReplicaRecord>,
): ReadonlyMap<ArtifactKey, ReplicaRecord> {
  const at = (checks.content ?? checks.checksum)?.at ?? '';
  const isGood = checks.checksum?.outcome === 'passed' && damageIn(checks).length === 0;
  return new Map(
    set.artifacts.flatMap(({ key, kind, tag }): [ArtifactKey, ReplicaRecord][] => {
      if (tag === undefined) return [];
      if (kind === 'manifest') return [[key, { tag, sha256: textSource(text).sha256, at, checks }]];
      const entry = entryOf(manifest, splitKey(key).fileName);
      if (!isGood || entry === undefined) return [];
      // Only who sent a cipher text knows its plain text.
      const known = before.get(key);
      const plain = known?.tag === tag && known.sha256 === entry.sha256 ? known.plain : undefined;
      return [[key, { tag, sha256: entry.sha256, at, ...(plain !== undefined && { plain }) }]];
    }),
  );
}

/** Lets a new result replace an old one from the future, made while the clock was ahead. */
function notBefore(checks: Checks, found: Checks): (name: keyof Checks) => [string, CheckResult][] {
  return (name) => {
    const [before, after] = [checks[name], found[name]];
    return before !== undefined && after !== undefined && timeOf(before) > timeOf(after)
      ? [[name, { ...after, at: before.at }]]
      : [];
  };
}

/** Returns the result of a check with the given problems. */
export function checkResult(problems: readonly string[], now: Date): CheckResult {
  const at = now.toISOString();
  return problems.length === 0
    ? { outcome: 'passed', at }
    : { outcome: 'failed', at, reason: problems.join('; ').slice(0, LONGEST_REASON) };
}
