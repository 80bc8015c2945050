import { parseManifest, type CheckResult, type Tier } from '@geolens/backup-core';
import { currentState, type StateFile } from '@geolens/backup-core/internal';
import { idOf, type Condition, type Copy, type SetKind, type StoreName } from './copies.ts';
import type { Files } from './files.ts';
import { sha256Of, type Model } from './model.ts';

export interface Understood {
  readonly copies: ReadonlyMap<string, Copy>;
  /** What nobody can account for: a file, or bytes. */
  readonly strange: readonly string[];
}

const OWN_FILE = /^\.geolens-backup\.(lock|[^/]*\.json)$/;
const ARTIFACT =
  /^(daily|weekly)\/((manifest|staging|globals|state)-|t_[0-9a-f]+_)(\d{8}_\d{6})(?:\.dump|\.json|\.sql|\.tar\.gz)$/;
const CHECKSUM_FIELD = /"seal": "([0-9a-f]*)"(?=\s*\}\s*$)/;

/** Whether the text of a manifest is the one that was written. */
export function manifestChecksumFits(text: string): boolean {
  return CHECKSUM_FIELD.exec(text)?.[1] === sha256Of(text.replace(CHECKSUM_FIELD, '"seal": ""'));
}

interface FoundFile {
  readonly kind: SetKind;
  readonly name: string;
  readonly content: Buffer;
}

/** Tells from the files of a store what copies there are, by what was remembered when the sets were made. */
export function understand(files: Files, store: StoreName, model: Model): Understood {
  const strange: string[] = [];
  const found = new Map<string, FoundFile[]>();
  const states = new Map<string, StateFile>();
  for (const [path, content] of files) {
    const [, tier, , companion, timestamp] = ARTIFACT.exec(path) ?? [];
    if (store === 'local' && model.foreign.has(path)) {
      if (model.foreign.get(path) !== content.toString())
        strange.push(`${path} is not ours, and was changed`);
    } else if (timestamp !== undefined && companion === 'state') {
      states.set(idOf({ store, tier: tier as Tier, timestamp }), JSON.parse(content.toString()) as StateFile);
    } else if (timestamp !== undefined) {
      const id = idOf({ store, tier: tier as Tier, timestamp });
      found.set(id, [
        ...(found.get(id) ?? []),
        { kind: (companion ?? 'dump') as SetKind, name: path.split('/')[1]!, content },
      ]);
    } else if (store === 's3' || !OWN_FILE.test(path)) strange.push(`${path} in ${store} is nobody's`);
  }
  if (store === 'local')
    for (const path of model.foreign.keys())
      if (!files.has(path)) strange.push(`${path} was not ours, and is gone`);
  const copies = new Map(
    [...found].map(([id, some]) => [id, new Reading(some, id, model, strange).copy(states.get(id))] as const),
  );
  return { copies, strange };
}

class Reading {
  readonly #files: readonly FoundFile[];
  readonly #id: string;
  readonly #model: Model;
  readonly #strange: string[];

  constructor(files: readonly FoundFile[], id: string, model: Model, strange: string[]) {
    this.#files = files;
    this.#id = id;
    this.#model = model;
    this.#strange = strange;
  }

  copy(state: StateFile | undefined): Copy {
    const files = Object.fromEntries(
      this.#files.map((file): [SetKind, Condition] => [
        file.kind,
        file.kind === 'manifest' ? this.#manifest(file) : this.#artifact(file, file.kind),
      ]),
    );
    const text = this.#files.find(({ kind }) => kind === 'manifest')?.content.toString();
    const learnt = state !== undefined;
    if (text === undefined) return { files, learnt, suspected: false, accepted: false, bad: false };
    const { suspicion, acceptedAt, checks } = currentState(parseManifest(text), state);
    return {
      files,
      learnt,
      suspected: suspicion !== undefined,
      accepted: acceptedAt !== undefined,
      bad: Object.values(checks).some((check: CheckResult | undefined) => check?.outcome === 'failed'),
    };
  }

  #artifact({ name, content }: FoundFile, kind: Exclude<SetKind, 'manifest'>): Condition {
    const [store, , timestamp] = this.#id.split(' ') as [StoreName, Tier, string];
    const sha256 = sha256Of(content);
    if (sha256 === this.#model.facts.get(timestamp)?.sha256[kind]) return 'sound';
    // A dump without a manifest has no checksum to be held against: it is copied as it is.
    const unreported =
      this.#files.every((file) => file.kind !== 'manifest') && this.#model.wasDamaged('local', name, sha256);
    if (!unreported && !this.#model.wasDamaged(store, name, sha256))
      this.#strange.push(`${name} (${this.#id}) has bytes that nobody gave it`);
    return 'damaged';
  }

  #manifest({ content }: FoundFile): Condition {
    const timestamp = this.#id.split(' ')[2]!;
    const text = content.toString();
    const manifest = parseManifest(text);
    const facts = this.#model.facts.get(timestamp);
    const sums = Object.fromEntries(manifest.artifacts.map(({ kind, sha256 }) => [kind, sha256]));
    const same =
      facts !== undefined &&
      ['dump', 'globals', 'staging'].every((kind) => sums[kind] === facts.sha256[kind as 'dump']) &&
      manifest.artifacts.length === 3;
    if (!same || manifest.timestamp !== timestamp || manifest.acceptedSince !== facts.acceptedSince)
      this.#strange.push(`the manifest of ${this.#id} is not that of its set`);
    const fits = manifestChecksumFits(text);
    if (!fits && !this.#model.withoutManifestChecksum.has(timestamp))
      this.#strange.push(`the manifest checksum of the manifest of ${this.#id} does not fit`);
    return fits ? 'sound' : 'damaged';
  }
}
