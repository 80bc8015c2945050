import { errorText, isBackupError } from '../base/errors.ts';
import { checkManifest } from '../model/check-manifest.ts';
import { damageIn } from '../model/damage.ts';
import { dumpOf, entryOf, type Manifest } from '../model/manifest.ts';
import { currentState, type CurrentState, type StateFile } from '../model/state-file.ts';
import { parseArtifactName } from '../model/artifact-name.ts';
import { nameOfKey, splitKey, type ArtifactKey } from '../model/artifact-key.ts';
import type { Tier } from '../model/tier.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import type { StoredArtifact } from '../ports/artifact-store.ts';
import { newestFirst, type BackupSet, type SetArtifact, type SetState } from '../model/backup-set.ts';

/** Content of a manifest file: the manifest, or the error from reading it. */
export type ManifestReading = Manifest | Error;

/** Content of a state file, or why it is not usable. */
export type StateReading = StateFile | Error;

/** What is known of the artifacts of a store besides its listing and its manifests. */
export interface KnownOfStore {
  /** Globals that no run wrote. */
  readonly foreign?: ReadonlySet<ArtifactKey> | undefined;
  /** Content of each state file beside a manifest, by key. */
  readonly states?: ReadonlyMap<ArtifactKey, StateReading> | undefined;
  /** Why manifests are not trusted, by key. `undefined` if signatures are ignored. */
  readonly untrusted?: ReadonlyMap<ArtifactKey, string> | undefined;
}

interface Group {
  readonly tier: Tier;
  readonly timestamp: RunTimestamp;
  readonly dumps: { readonly database: string; readonly artifact: SetArtifact }[];
  readonly companions: SetArtifact[];
  stateFile?: SetArtifact;
}

/**
 * Groups the listing of a store into sets, newest first. Leaves out foreign files, whose names do not parse.
 * A state file alone is no set.
 * @param readings content of each manifest in the listing, by key
 */
export function groupSets(
  listing: readonly StoredArtifact[],
  readings: ReadonlyMap<ArtifactKey, ManifestReading>,
  known: KnownOfStore = {},
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
  const sets = [...groups.values()].flatMap((group) => setsOf(group, readings, known));
  return withoutRevokedBaselines(sets).sort(newestFirst);
}

/** Makes sets suspicious that were measured by a set whose acceptance was revoked since. */
function withoutRevokedBaselines(sets: readonly BackupSet[]): BackupSet[] {
  const idOf = (database: string | undefined, timestamp: string): string => `${timestamp} ${database ?? ''}`;
  const suspicious = new Set(
    sets
      .filter(({ state, suspicion }) => suspicion && state !== 'untrusted')
      .map(({ database, timestamp }) => idOf(database, timestamp)),
  );
  return sets.map((set) => {
    const since = set.acceptedAt === undefined ? set.manifest?.acceptedSince : undefined;
    if (set.state !== 'complete' || since === undefined || !suspicious.has(idOf(set.database, since)))
      return set;
    const reasons = [`it was measured by set ${since}, which is suspicious`];
    const suspicion = { reasons, at: set.manifest?.finishedAt ?? '' };
    return { ...set, state: 'suspicious', suspicion, problems: reasons };
  });
}

/*
 * Only the manifest maps companions to a database, because their names do not contain it. Without a manifest,
 * the companions belong to every dump of that timestamp. They are removed with the last of these dumps.
 */
function setsOf(
  { tier, timestamp, dumps, companions, stateFile }: Group,
  readings: ReadonlyMap<ArtifactKey, ManifestReading>,
  { foreign = new Set(), states = new Map(), untrusted }: KnownOfStore,
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
  // A run writes globals before its dump, and the manifest last. Globals without a manifest are of an
  // interrupted run.
  const isOfRun =
    stateFile !== undefined || companions.some(({ kind, key }) => kind === 'globals' && !foreign.has(key));
  const withCompanions = (database: string | undefined, artifacts: readonly SetArtifact[]): BackupSet => {
    const { problems, ...judged } = distrusted(
      stateOf(timestamp, artifacts, reading, current, isOfRun),
      untrusted && whyUntrusted(companions, readings, untrusted),
    );
    const ignored = state instanceof Error ? [`its state file is ignored: ${state.message}`] : [];
    return {
      ...{ tier, timestamp, database, artifacts, manifest, stateFile, ...current, ...judged },
      problems: [...problems, ...ignored],
    };
  };
  const sets = [...Map.groupBy(dumps, ({ database }) => database)].map(([database, same]): BackupSet => {
    // A set may also have the same artifact in its other form, plain or encrypted.
    const [artifact, ...others] = namedFirst(
      manifest,
      same.map((one) => one.artifact),
    );
    if (artifact === undefined) throw new Error('no dump');
    if (owner === undefined || owner === database)
      return withCompanions(database, [artifact, ...namedFirst(manifest, [...companions, ...others])]);
    const alone = { tier, timestamp, database, artifacts: [artifact], manifest: undefined, checks: {} };
    const judged = stateOf(timestamp, [artifact], undefined, alone, false);
    return { ...alone, ...distrusted(judged, untrusted && NOT_SIGNED) };
  });
  const claimed = sets.some(({ artifacts }) => artifacts.length > 1) || companions.length === 0;
  return claimed ? sets : [...sets, withCompanions(owner, companions)];
}

/** Sorts the artifacts that a manifest names before others. */
function namedFirst(
  manifest: Manifest | undefined,
  artifacts: readonly SetArtifact[],
): readonly SetArtifact[] {
  const rank = ({ key }: SetArtifact): number =>
    entryOf(manifest, splitKey(key).fileName) === undefined ? 1 : 0;
  return [...artifacts].sort((one, other) => rank(one) - rank(other));
}

/**
 * Returns the database of the manifest's dump. If its `database` field and the name of its dump differ, the
 * one with an existing dump counts.
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

/** Why a set without a manifest is not trusted. */
const NOT_SIGNED = 'it has no signed manifest';

/** Returns why the manifest among the companions of a set is not trusted. */
function whyUntrusted(
  companions: readonly SetArtifact[],
  readings: ReadonlyMap<ArtifactKey, ManifestReading>,
  untrusted: ReadonlyMap<ArtifactKey, string>,
): string | undefined {
  const manifest = companions.find(({ key }) => readings.has(key));
  return manifest === undefined ? NOT_SIGNED : untrusted.get(manifest.key);
}

/** Returns the judgement of a set that is not trusted. What is not whole stays partial. */
function distrusted(judged: Judgement, why: string | undefined): Judgement {
  if (why === undefined || judged.state === 'partial') return judged;
  return { ...judged, state: 'untrusted', problems: [why, ...judged.problems] };
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

/** Returns the state of a set whose artifacts all exist. */
function judge({ checks, suspicion }: CurrentState): Judgement {
  const damage = damageIn(checks);
  if (damage.length > 0) return { state: 'bad', problems: damage };
  return suspicion === undefined
    ? { state: 'complete', problems: [] }
    : { state: 'suspicious', problems: suspicion.reasons };
}

/** Returns whether the store failed, as opposed to the content of the file. */
function isOfStore(error: Error): boolean {
  return isBackupError(error, 'STORE_FAILED', 'STORE_FORBIDDEN', 'STORE_UNAVAILABLE');
}

function partial(problem: string): Judgement {
  return { state: 'partial', problems: [problem] };
}
