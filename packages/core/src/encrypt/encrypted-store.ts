import { isBackupError } from '../base/errors.ts';
import { sha256Of } from '../base/sha256-of.ts';
import { within } from '../catalog/plain-text.ts';
import { encryptedKey, nameOfKey, splitKey, type ArtifactKey } from '../model/artifact-key.ts';
import type { ArtifactKind } from '../model/artifact-name.ts';
import { plainManifest, publicManifest } from '../model/encrypted-manifest.ts';
import { manifestChecksumProblem } from '../model/manifest-checksum.ts';
import { formatManifest, parseManifest } from '../model/manifest-text.ts';
import type { ContentDigest, Manifest } from '../model/manifest.ts';
import { withoutStateReasons } from '../model/state-file.ts';
import type { Tier } from '../model/tier.ts';
import type {
  ArtifactSource,
  ArtifactStore,
  ByteRange,
  ReadingOptions,
  StagedUpload,
  StoreCapabilities,
  StoredArtifact,
  StoreOptions,
} from '../ports/artifact-store.ts';
import type { Cipher } from '../ports/cipher.ts';
import type { ReplicaRecords } from '../ports/replica-records.ts';
import { manifestTextOf, textOf, textSource } from '../ports/text-source.ts';
import { encryptSource } from './encrypt-source.ts';
import { listPlain, plainRecords } from './plain-listing.ts';

/**
 * A store whose artifacts are encrypted, seen as a store of plain artifacts. It encrypts what is put, and
 * lists and reads plain lengths and plain content. The store beneath has `<artifact>.age` instead of each
 * artifact. Plain artifacts of the store beneath are listed and read as they are.
 *
 * - A manifest is stored in two files: the part that listing needs, and, encrypted, the whole text. It is put
 *   after the artifacts that it names.
 * - The reasons in state files are left out, because they name tables and files.
 * - Reading needs an identity, except for manifests: without one, they have the part that listing needs.
 * - A cipher with no recipients stores plain artifacts.
 */
export class EncryptedStore implements ArtifactStore {
  readonly name: string;
  readonly capabilities: StoreCapabilities;
  readonly records: ReplicaRecords | undefined;
  private readonly inner: ArtifactStore;
  private readonly cipher: Cipher;
  /** Cipher texts of this process, so that the manifest can name them. */
  private readonly sent = new Map<ArtifactKey, ContentDigest>();
  /** Keys of the store beneath, by tier, of the tiers that were listed. */
  private readonly listed = new Map<Tier, Set<ArtifactKey>>();

  constructor(inner: ArtifactStore, cipher: Cipher) {
    this.inner = inner;
    this.cipher = cipher;
    this.name = inner.name;
    const { serverSideCopy, stagedUpload } = inner.capabilities;
    this.capabilities = {
      serverSideCopy,
      encryption: { store: inner, recipients: cipher.recipients },
      ...(stagedUpload && { stagedUpload: (...args) => this.stageUpload(stagedUpload, ...args) }),
    };
    this.records = inner.records && plainRecords(inner.records);
  }

  async *list(tier: Tier, options: StoreOptions = {}): AsyncGenerator<StoredArtifact> {
    const { artifacts, keys } = await listPlain(this.inner, this.cipher, tier, options);
    this.listed.set(tier, keys);
    yield* artifacts;
  }

  async *read(
    key: ArtifactKey,
    range?: ByteRange,
    options: StoreOptions & ReadingOptions = {},
  ): AsyncGenerator<Uint8Array> {
    const encrypted = encryptedKey(key);
    const isManifest = nameOfKey(key)?.kind === 'manifest';
    const isLocked = isManifest && this.cipher.identities.length === 0;
    if (isLocked || encrypted === key || !(await this.isThere(encrypted, options))) {
      yield* isLocked ? this.readManifest(key, range, options) : this.inner.read(key, range, options);
      return;
    }
    // The tag of a manifest is not that of its details.
    const reading = isManifest ? { signal: options.signal } : options;
    yield* within(
      this.cipher.decrypt(this.inner.read(encrypted, undefined, { ...reading, reuseBuffer: true }), options),
      range,
    );
  }

  async put(key: ArtifactKey, source: ArtifactSource, options: StoreOptions = {}): Promise<void> {
    const kind = nameOfKey(key)?.kind;
    if (kind === 'state' && this.cipher.recipients.length > 0)
      return this.inner.put(key, await withoutReasons(source), options);
    if (kind === 'manifest') return this.putManifest(key, source, options);
    if (!this.encrypts(key)) {
      await this.inner.put(key, source, options);
      return this.removeIfThere(encryptedKey(key), key, options);
    }
    const target = encryptedKey(key);
    await this.putEncrypted(target, source, options);
    await this.removeIfThere(key, target, options);
  }

  async copy(from: ArtifactKey, to: ArtifactKey, options: StoreOptions = {}): Promise<void> {
    const [source, target] = [encryptedKey(from), encryptedKey(to)];
    const isEncrypted = source !== from && (await this.has(source, options));
    if (isEncrypted) {
      await this.inner.copy(source, target, options);
      const known = this.sent.get(source);
      if (known !== undefined) this.sent.set(target, known);
      await this.recordPlain(target, (await this.inner.records?.read())?.get(source)?.plain);
    }
    const isManifest = nameOfKey(from)?.kind === 'manifest';
    if (!isEncrypted || isManifest) await this.inner.copy(from, to, options);
    if (isEncrypted && isManifest)
      for (const key of [to, target]) this.listed.get(splitKey(to).tier)?.add(key);
    else if (isEncrypted) await this.removeIfThere(to, target, options);
    else await this.removeIfThere(target, to, options);
  }

  async remove(key: ArtifactKey, options: StoreOptions = {}): Promise<void> {
    await this.inner.remove(key, options);
    const encrypted = encryptedKey(key);
    this.sent.delete(encrypted);
    if (encrypted !== key) await this.inner.remove(encrypted, options);
    for (const one of [key, encrypted]) this.listed.get(splitKey(key).tier)?.delete(one);
  }

  async cleanUp(options: StoreOptions = {}): Promise<readonly string[]> {
    return this.inner.cleanUp(options);
  }

  /** Returns whether a put of this key is encrypted. Foreign files are not. */
  private encrypts(key: ArtifactKey): boolean {
    return this.cipher.recipients.length > 0 && encryptedKey(key) !== key;
  }

  private async stageUpload(
    stagedUpload: NonNullable<StoreCapabilities['stagedUpload']>,
    key: ArtifactKey,
    source: ArtifactSource,
    options: StoreOptions = {},
  ): Promise<StagedUpload | undefined> {
    if (!this.encrypts(key) || nameOfKey(key)?.kind === 'manifest') return stagedUpload(key, source, options);
    const target = encryptedKey(key);
    let staged: StagedUpload | undefined;
    const digest = await encryptSource(this.cipher, source, options, async (once) => {
      staged = await stagedUpload(target, once, options);
    });
    const upload = staged;
    return (
      upload && {
        complete: async () => {
          await upload.complete();
          await this.remember(target, digest, source);
          await this.removeIfThere(key, target, options);
        },
        discard: () => upload.discard(),
      }
    );
  }

  private async putEncrypted(
    key: ArtifactKey,
    source: ArtifactSource,
    options: StoreOptions,
  ): Promise<ContentDigest> {
    const put = (once: ArtifactSource): Promise<void> => this.inner.put(key, once, options);
    const digest = await encryptSource(this.cipher, source, options, put);
    await this.remember(key, digest, source);
    return digest;
  }

  private async remember(key: ArtifactKey, digest: ContentDigest, plain: ContentDigest): Promise<void> {
    this.sent.set(key, digest);
    await this.recordPlain(key, { bytes: plain.bytes, sha256: plain.sha256 });
  }

  /** Adds the plain text to the record of a cipher text. */
  private async recordPlain(key: ArtifactKey, plain: ContentDigest | undefined): Promise<void> {
    const { records } = this.inner;
    const record = (await records?.read())?.get(key);
    if (records !== undefined && record !== undefined && plain !== undefined)
      await records.update(new Map([[key, { ...record, plain }]]));
  }

  /** Puts the details of a manifest, and then the manifest with what listing needs. */
  private async putManifest(key: ArtifactKey, source: ArtifactSource, options: StoreOptions): Promise<void> {
    const target = encryptedKey(key);
    const manifest = this.encrypts(key) ? await manifestIn(source) : undefined;
    if (manifest === undefined) {
      await this.inner.put(key, source, options);
      return this.removeIfThere(target, key, options);
    }
    const { tier } = splitKey(key);
    const cipherTexts = new Map<ArtifactKind, ContentDigest>();
    for (const { kind, name } of manifest.artifacts) {
      const digest = await this.digestOf(encryptedKey(`${tier}/${name}`), options);
      if (digest !== undefined) cipherTexts.set(kind, digest);
    }
    cipherTexts.set('details', await this.putEncrypted(target, source, options));
    const { scheme, recipients } = this.cipher;
    const listed = publicManifest(manifest, { scheme, recipients }, cipherTexts, source);
    await this.inner.put(key, textSource(formatManifest(listed)), options);
    for (const one of [key, target]) this.listed.get(tier)?.add(one);
  }

  /**
   * Returns length and digest of a stored cipher text. Reads it if an earlier process stored it. `undefined`
   * if there is none.
   */
  private async digestOf(key: ArtifactKey, options: StoreOptions): Promise<ContentDigest | undefined> {
    const known = this.sent.get(key);
    if (known !== undefined) return known;
    let bytes = 0;
    const counted = async function* (content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const chunk of content) {
        bytes += chunk.length;
        yield chunk;
      }
    };
    try {
      const sha256 = await sha256Of(counted(this.inner.read(key, undefined, options)));
      return { bytes, sha256 };
    } catch (error) {
      if (isBackupError(error, 'ARTIFACT_NOT_FOUND')) return undefined;
      throw error;
    }
  }

  /** Reads a manifest without an identity: the part that listing needs, as that of the plain set. */
  private async *readManifest(
    key: ArtifactKey,
    range: ByteRange | undefined,
    options: StoreOptions & ReadingOptions,
  ): AsyncGenerator<Uint8Array> {
    const text = await manifestTextOf(this.inner.read(key, undefined, options));
    const manifest = manifestChecksumProblem(text) === undefined ? parsed(text) : undefined;
    const plain = manifest?.encryption === undefined ? text : formatManifest(plainManifest(manifest));
    yield* textSource(plain).open(range);
  }

  /** Returns whether the store beneath has an artifact, as far as this process listed and stored it. */
  private async has(key: ArtifactKey, options: StoreOptions): Promise<boolean> {
    return this.listed.get(splitKey(key).tier)?.has(key) ?? this.isThere(key, options);
  }

  private async isThere(key: ArtifactKey, options: StoreOptions): Promise<boolean> {
    const reading = this.inner.read(key, { start: 0, end: 1 }, { signal: options.signal });
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

  /** Removes the other form of an artifact that was stored: there is one of each artifact. */
  private async removeIfThere(other: ArtifactKey, stored: ArtifactKey, options: StoreOptions): Promise<void> {
    const keys = this.listed.get(splitKey(stored).tier);
    keys?.add(stored);
    if (other === stored || !(await this.has(other, options))) return;
    await this.inner.remove(other, options);
    keys?.delete(other);
  }
}

/** Returns the manifest in a source. `undefined` if it is none, or the set is encrypted already. */
async function manifestIn(source: ArtifactSource): Promise<Manifest | undefined> {
  const manifest = parsed(await manifestTextOf(source.open()).catch(() => ''));
  return manifest?.encryption === undefined ? manifest : undefined;
}

function parsed(text: string): Manifest | undefined {
  try {
    return parseManifest(text);
  } catch {
    return undefined;
  }
}

async function withoutReasons(source: ArtifactSource): Promise<ArtifactSource> {
  const text = await textOf(source.open());
  const changed = withoutStateReasons(text);
  return changed === text ? source : textSource(changed);
}
