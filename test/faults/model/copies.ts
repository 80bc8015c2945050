import type { ArtifactKind, SetState, Tier } from '@geolens/backup-core';

export type StoreName = 'local' | 's3';

/** All artifacts of a set; its state file is none of them. */
export type SetKind = Exclude<ArtifactKind, 'signature' | 'details' | 'state'>;

/** Of every set that is made here: its database has roles, its folder has files. */
export const KINDS: readonly SetKind[] = ['manifest', 'dump', 'globals', 'staging'];

/** `damaged`: its bytes are no longer those that were made; of a manifest, that its manifest checksum does not fit. */
export type Condition = 'sound' | 'damaged';

/** What there is of a set in one tier of one store, whoever knows of it. */
export interface Copy {
  readonly files: Readonly<Partial<Record<SetKind, Condition>>>;
  /** It has a state file. */
  readonly learnt: boolean;
  /** As its manifest and its state file have it; all false where there is no manifest. */
  readonly suspected: boolean;
  readonly accepted: boolean;
  readonly bad: boolean;
}

/** Copies by where they are. */
export type Copies = ReadonlyMap<string, Copy>;

export interface Place {
  readonly store: StoreName;
  readonly tier: Tier;
  readonly timestamp: string;
}

export function idOf({ store, tier, timestamp }: Place): string {
  return `${store} ${tier} ${timestamp}`;
}

export function placeOf(id: string): Place {
  const [store, tier, timestamp] = id.split(' ') as [StoreName, Tier, string];
  return { store, tier, timestamp };
}

/** A copy as it is made. */
export function newCopy(suspected: boolean): Copy {
  return {
    files: { manifest: 'sound', dump: 'sound', globals: 'sound', staging: 'sound' },
    learnt: false,
    suspected,
    accepted: false,
    bad: false,
  };
}

/** What a copy has to be shown as: damage that nobody has looked for is not seen. */
export function stateOf({ files, learnt, suspected, bad }: Copy): SetState {
  if (files.manifest === undefined)
    return files.dump !== undefined && files.globals === undefined && !learnt
      ? bad
        ? 'bad'
        : 'legacy'
      : 'partial';
  if (KINDS.some((kind) => files[kind] === undefined)) return 'partial';
  return bad ? 'bad' : suspected ? 'suspicious' : 'complete';
}

export function isWhole(copy: Copy | undefined): copy is Copy {
  return copy?.files.manifest !== undefined && ['complete', 'suspicious'].includes(stateOf(copy));
}

export function isSound({ files }: Copy): boolean {
  return KINDS.every((kind) => files[kind] !== 'damaged');
}

/** The copy without the artifact; undefined when it was the last one. */
export function without(copy: Copy, kind: SetKind): Copy | undefined {
  const files = Object.fromEntries(Object.entries(copy.files).filter(([name]) => name !== kind));
  if (Object.keys(files).length === 0) return undefined;
  return kind === 'manifest'
    ? { ...copy, files, suspected: false, accepted: false, bad: false }
    : { ...copy, files };
}

/** In words, the same for the same copies: `complete: manifest dump globals staging`. */
export function textOf(copy: Copy | undefined): string {
  if (copy === undefined) return 'absent';
  const files = KINDS.filter((kind) => copy.files[kind] !== undefined).map((kind) =>
    copy.files[kind] === 'damaged' ? `${kind} (damaged)` : kind,
  );
  const marks = (['suspected', 'accepted', 'bad'] as const).filter((mark) => copy[mark]);
  return `${stateOf(copy)}: ${[...files, ...marks].join(' ')}`;
}

/** The copies of a store and tier, newest first. */
export function copiesIn(
  copies: Copies,
  store: StoreName,
  tier: Tier,
): { readonly timestamp: string; readonly copy: Copy }[] {
  const found = [...copies]
    .map(([id, copy]) => ({ ...placeOf(id), copy }))
    .filter((one) => one.store === store && one.tier === tier);
  return found.sort((one, other) => (one.timestamp < other.timestamp ? 1 : -1));
}
