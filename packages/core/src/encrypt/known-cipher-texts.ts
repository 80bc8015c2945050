import { BackupError, isBackupError, withReason } from '../base/errors.ts';
import { sha256Of } from '../base/sha256-of.ts';
import { splitKey, type ArtifactKey } from '../model/artifact-key.ts';
import type { ContentDigest } from '../model/manifest.ts';
import type { Tier } from '../model/tier.ts';
import type { ArtifactStore, StoredArtifact, StoreOptions } from '../ports/artifact-store.ts';

/** What this process knows of the artifacts in a store of cipher texts. */
export class KnownCipherTexts {
  private readonly store: ArtifactStore;
  /** Cipher texts that this process stored, so that the manifest can name them. */
  private readonly sent = new Map<ArtifactKey, ContentDigest>();
  /** Artifacts by tier, of the tiers that were listed. */
  private readonly listed = new Map<Tier, Map<ArtifactKey, Partial<StoredArtifact>>>();

  constructor(store: ArtifactStore) {
    this.store = store;
  }

  /** Takes over the listing of a tier. */
  list(tier: Tier, artifacts: Map<ArtifactKey, Partial<StoredArtifact>>): void {
    this.listed.set(tier, artifacts);
  }

  /** Adds stored artifacts. */
  add(...keys: readonly ArtifactKey[]): void {
    for (const key of keys) this.listed.get(splitKey(key).tier)?.set(key, {});
  }

  /** Removes artifacts that were removed from the store. */
  remove(...keys: readonly ArtifactKey[]): void {
    for (const key of keys) {
      this.sent.delete(key);
      this.listed.get(splitKey(key).tier)?.delete(key);
    }
  }

  /** Remembers a stored cipher text, and adds its plain text to its record. */
  async remember(key: ArtifactKey, digest: ContentDigest, plain: ContentDigest): Promise<void> {
    this.sent.set(key, digest);
    await this.recordPlain(key, { bytes: plain.bytes, sha256: plain.sha256 });
  }

  /** Remembers a copy within the store. */
  async copy(from: ArtifactKey, to: ArtifactKey): Promise<void> {
    const known = this.sent.get(from);
    if (known !== undefined) this.sent.set(to, known);
    await this.recordPlain(to, (await this.store.records?.read())?.get(from)?.plain);
  }

  /**
   * Returns length and digest of a stored cipher text: of this process, or as recorded when an earlier one
   * sent it. Reads it in a store without records. `undefined` if there is none.
   * @param plain the plain text that it has to have
   * @throws BackupError REPLICA_CONFLICT if it must be of this installation, and is not known to be
   */
  async digestOf(
    key: ArtifactKey,
    { sha256: plainSha256 }: ContentDigest,
    { mustBeOurs, ...options }: StoreOptions & { readonly mustBeOurs: boolean },
  ): Promise<ContentDigest | undefined> {
    const known = this.sent.get(key);
    if (known !== undefined) return known;
    const record = (await this.store.records?.read())?.get(key);
    const there = this.listed.get(splitKey(key).tier)?.get(key);
    const isOurs = record !== undefined && record.plain?.sha256 === plainSha256;
    if (isOurs && there?.bytes !== undefined && there.tag === record.tag)
      return { bytes: there.bytes, sha256: record.sha256 };
    if (mustBeOurs && this.store.records !== undefined && (await this.has(key, options)))
      throw notSent(this.store, key);
    let bytes = 0;
    const counted = async function* (content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const chunk of content) {
        bytes += chunk.length;
        yield chunk;
      }
    };
    try {
      const sha256 = await sha256Of(counted(this.store.read(key, undefined, options)));
      return { bytes, sha256 };
    } catch (error) {
      if (isBackupError(error, 'ARTIFACT_NOT_FOUND')) return undefined;
      throw error;
    }
  }

  /** Returns whether the store beneath has an artifact, as far as this process listed and stored it. */
  async has(key: ArtifactKey, options: StoreOptions): Promise<boolean> {
    return this.listed.get(splitKey(key).tier)?.has(key) ?? this.isThere(key, options);
  }

  async isThere(key: ArtifactKey, options: StoreOptions): Promise<boolean> {
    const reading = this.store.read(key, { start: 0, end: 1 }, { signal: options.signal });
    try {
      const chunks = reading[Symbol.asyncIterator]();
      await chunks.next();
      await chunks.return?.();
      return true;
    } catch (error) {
      if (isBackupError(error, 'ARTIFACT_NOT_FOUND')) return false;
      throw error;
    }
  }

  private async recordPlain(key: ArtifactKey, plain: ContentDigest | undefined): Promise<void> {
    const { records } = this.store;
    const record = (await records?.read())?.get(key);
    if (records !== undefined && record !== undefined && plain !== undefined)
      await records.update(new Map([[key, { ...record, plain }]]));
  }
}

/** Returns the error for an artifact that another process may have stored. */
export function notSent({ name }: ArtifactStore, key: ArtifactKey): BackupError {
  return new BackupError(
    'REPLICA_CONFLICT',
    `${key} in ${name} is not known to be sent by this installation; its set is not signed`,
    withReason('replica-changed'),
  );
}
