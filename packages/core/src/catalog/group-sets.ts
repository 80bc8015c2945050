import { errorText, isBackupError } from '../base/errors.ts';
import { checkManifest } from '../model/check-manifest.ts';
import { damageIn } from '../model/damage.ts';
import { dumpOf, type Manifest } from '../model/manifest.ts';
import { currentState, type CurrentState, type StateFile } from '../model/state-file.ts';
import { parseArtifactName } from '../model/artifact-name.ts';
import { nameOfKey, splitKey, type ArtifactKey } from '../model/artifact-key.ts';
import type { Tier } from '../model/tier.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import type { StoredArtifact } from '../ports/artifact-store.ts';
import { newestFirst, type BackupSet, type SetArtifact, type SetState } from '../model/backup-set.ts';

/** What a manifest's file held: a manifest, or the error of reading it. */
export type ManifestReading = Manifest | Error;

/** What a state file held, or why it cannot be used. */
export type StateReading = StateFile | Error;

interface Group {
  readonly tier: Tier;
  readonly timestamp: RunTimestamp;
  readonly dumps: { readonly database: string; readonly artifact: SetArtifact }[];
  readonly companions: SetArtifact[];
  stateFile?: SetArtifact;
}

/**
 * Groups the listing of a store into sets, newest first. Keys whose names do not parse are left out: they are
 * not ours. A state file alone is no set.
 * @param readings what was read under the key of each manifest in the listing
 * @param foreign globals that no run has written
 * @param states what was read under the key of each state file beside a manifest
 */
export function groupSets(
  listing: readonly StoredArtifact[],
  readings: ReadonlyMap<ArtifactKey, ManifestReading>,
  foreign: ReadonlySet<ArtifactKey> = new Set(),
  states: ReadonlyMap<ArtifactKey, StateReading> = new Map(),
): readonly BackupSet[] {
  const groups = new Map<string, Group>();
  for (const { key, bytes, tag } of listing) {
    const name = nameOfKey(key);
    if (name === undefined) continue;
    const { tier } = splitKey(key);
    const id = `${tier}/${name.timestamp}`;
    const group: Group = groups.get(id) ?? { tier, timestamp: name.timestamp, dumps: [], companions: [] };
    groups.set(id, group);
    const artifact = { key, kind: name.kind, bytes, ...(tag !== undefined && { tag }) };
    if (name.kind === 'dump') group.dumps.push({ database: name.database, artifact });
    else if (name.kind === 'state') group.stateFile = artifact;
    else group.companions.push(artifact);
  }
  return [...groups.values()].flatMap((group) => setsOf(group, readings, foreign, states)).sort(newestFirst);
}

/*
 * The companions' names do not tell the database. The manifest does; where there is none, every dump of that
 * timestamp has them in its set, and they are removed with the last of these.
 */
function setsOf(
  { tier, timestamp, dumps, companions, stateFile }: Group,
  readings: ReadonlyMap<ArtifactKey, ManifestReading>,
  foreign: ReadonlySet<ArtifactKey>,
  states: ReadonlyMap<ArtifactKey, StateReading>,
): BackupSet[] {
  const reading = companions.map(({ key }) => readings.get(key)).find((found) => found !== undefined);
  const manifest = reading instanceof Error ? undefined : reading;
  const state = stateFile && states.get(stateFile.key);
  const current =
    manifest === undefined
      ? { checks: {} }
      : currentState(manifest, state instanceof Error ? undefined : state);
  const owner =
    manifest &&
    ownerOf(
      manifest,
      dumps.map(({ database }) => database),
    );
  // A run writes globals before its dump, and the manifest last: with these and without that it was cut off.
  const isOfRun =
    stateFile !== undefined || companions.some(({ kind, key }) => kind === 'globals' && !foreign.has(key));
  const withCompanions = (database: string | undefined, artifacts: readonly SetArtifact[]): BackupSet => {
    const { problems, ...judged } = stateOf(timestamp, artifacts, reading, current, isOfRun);
    const ignored = state instanceof Error ? [`its state file is ignored: ${state.message}`] : [];
    return {
      ...{ tier, timestamp, database, artifacts, manifest, stateFile, ...current, ...judged },
      problems: [...problems, ...ignored],
    };
  };
  const sets = dumps.map(({ database, artifact }): BackupSet => {
    if (owner === undefined || owner === database) return withCompanions(database, [artifact, ...companions]);
    const alone = { tier, timestamp, database, artifacts: [artifact], manifest: undefined, checks: {} };
    return { ...alone, ...stateOf(timestamp, [artifact], undefined, alone, false) };
  });
  const claimed = sets.some(({ artifacts }) => artifacts.length > 1) || companions.length === 0;
  return claimed ? sets : [...sets, withCompanions(owner, companions)];
}

/**
 * The database of the dump that the manifest is for. Where its own word and the dump's name differ, the one
 * that has a dump here.
 */
function ownerOf(manifest: Manifest, there: readonly string[]): string {
  const named = databaseOfDump(manifest);
  return named !== undefined && !there.includes(manifest.database) && there.includes(named)
    ? named
    : manifest.database;
}

function databaseOfDump(manifest: Manifest): string | undefined {
  const name = parseArtifactName(dumpOf(manifest)?.name ?? '');
  return name?.kind === 'dump' ? name.database : undefined;
}

interface Judgement {
  readonly state: SetState;
  readonly problems: readonly string[];
  readonly unread?: true;
}

function stateOf(
  timestamp: RunTimestamp,
  artifacts: readonly SetArtifact[],
  reading: ManifestReading | undefined,
  current: CurrentState,
  isOfRun: boolean,
): Judgement {
  if (reading instanceof Error)
    return { ...partial(errorText(reading)), ...(isOfStore(reading) && { unread: true }) };
  if (reading !== undefined) {
    if (reading.timestamp !== timestamp) return partial(`its manifest is that of ${reading.timestamp}`);
    const problems = checkManifest(
      reading,
      new Map(artifacts.map(({ key, bytes }) => [splitKey(key).fileName, bytes])),
    );
    return problems.length === 0 ? judge(current) : { state: 'partial', problems };
  }
  const dump = artifacts.find(({ kind }) => kind === 'dump');
  if (dump === undefined) return partial('there is no dump');
  if (dump.bytes === 0) return partial('the dump is empty');
  return isOfRun ? partial('there is no manifest') : { state: 'legacy', problems: [] };
}

/** What is known of a set whose artifacts are all there. */
function judge({ checks, suspicion }: CurrentState): Judgement {
  const damage = damageIn(checks);
  if (damage.length > 0) return { state: 'bad', problems: damage };
  return suspicion === undefined
    ? { state: 'complete', problems: [] }
    : { state: 'suspicious', problems: suspicion.reasons };
}

/** Whether the store failed, and not what it gave up. */
function isOfStore(error: Error): boolean {
  return isBackupError(error, 'STORE_FAILED', 'STORE_FORBIDDEN', 'STORE_UNAVAILABLE');
}

function partial(problem: string): Judgement {
  return { state: 'partial', problems: [problem] };
}
