import { within } from '../catalog/plain-text.ts';
import { companionKey, encryptedKey, nameOfKey, splitKey, type ArtifactKey } from '../model/artifact-key.ts';
import type { ArtifactKind } from '../model/artifact-name.ts';
import { plainManifest, publicManifest } from '../model/encrypted-manifest.ts';
import { manifestChecksumProblem } from '../model/manifest-checksum.ts';
import { formatManifest, parseManifest } from '../model/manifest-text.ts';
import type { ContentDigest, Manifest } from '../model/manifest.ts';
import { withoutStateReasons } from '../model/state-file.ts';
import type { Tier } from '../model/tier.ts';
import type { ManifestSigner, TrustPolicy } from '../model/trust.ts';
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
import { KnownCipherTexts } from './known-cipher-texts.ts';
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
  readonly trust: TrustPolicy | undefined;
  private readonly inner: ArtifactStore;
  private readonly cipher: Cipher;
  private readonly signer: ManifestSigner | undefined;
  private readonly known: KnownCipherTexts;

  /** @param signer signs the manifests of encrypted sets. Defaults to none. */
  constructor(inner: ArtifactStore, cipher: Cipher, signer?: ManifestSigner) {
    this.inner = inner;
    this.cipher = cipher;
    this.signer = signer;
    this.name = inner.name;
    const { serverSideCopy, stagedUpload } = inner.capabilities;
    this.capabilities = {
      serverSideCopy,
      encryption: { store: inner, recipients: cipher.recipients },
      ...(stagedUpload && { stagedUpload: (...args) => this.stageUpload(stagedUpload, ...args) }),
    };
    this.known = new KnownCipherTexts(inner);
    this.trust = inner.trust;
    this.records = inner.records && plainRecords(inner.records);
  }

  async *list(tier: Tier, options: StoreOptions = {}): AsyncGenerator<StoredArtifact> {
    const { artifacts, stored } = await listPlain(this.inner, this.cipher, tier, options);
    this.known.list(tier, stored);
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
    if (isLocked || encrypted === key || !(await this.known.isThere(encrypted, options))) {
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
    // The signature of the plain manifest does not fit. The stored manifest is signed when it is put.
    if (kind === 'signature' && this.signer !== undefined && this.cipher.recipients.length > 0) return;
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
    const isEncrypted = source !== from && (await this.known.has(source, options));
    if (isEncrypted) {
      await this.inner.copy(source, target, options);
      await this.known.copy(source, target);
    }
    const isManifest = nameOfKey(from)?.kind === 'manifest';
    if (!isEncrypted || isManifest) await this.inner.copy(from, to, options);
    if (isEncrypted && isManifest) this.known.add(to, target);
    else if (isEncrypted) await this.removeIfThere(to, target, options);
    else await this.removeIfThere(target, to, options);
  }

  async remove(key: ArtifactKey, options: StoreOptions = {}): Promise<void> {
    await this.inner.remove(key, options);
    const encrypted = encryptedKey(key);
    if (encrypted !== key) await this.inner.remove(encrypted, options);
    this.known.remove(key, encrypted);
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
          await this.known.remember(target, digest, source);
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
    await this.known.remember(key, digest, source);
    return digest;
  }

  /** Puts the details of a manifest, and then the manifest with what listing needs. */
  private async putManifest(key: ArtifactKey, source: ArtifactSource, options: StoreOptions): Promise<void> {
    const target = encryptedKey(key);
    const manifest = parseManifest(await manifestTextOf(source.open()));
    // The manifest of an encrypted set has no data.
    if (!this.encrypts(key) || manifest.encryption !== undefined) {
      await this.inner.put(key, source, options);
      return this.removeIfThere(target, key, options);
    }
    const { tier } = splitKey(key);
    const cipherTexts = new Map<ArtifactKind, ContentDigest>();
    for (const entry of manifest.artifacts) {
      const mustBeOurs = this.signer !== undefined;
      const cipherText = encryptedKey(`${tier}/${entry.name}`);
      const digest = await this.known.digestOf(cipherText, entry, { ...options, mustBeOurs });
      if (digest !== undefined) cipherTexts.set(entry.kind, digest);
    }
    cipherTexts.set('details', await this.putEncrypted(target, source, options));
    const { scheme, recipients } = this.cipher;
    const listed = publicManifest(manifest, { scheme, recipients }, cipherTexts, source);
    const text = formatManifest(listed);
    const signature = companionKey({ tier, timestamp: manifest.timestamp }, 'signature');
    if (this.signer !== undefined)
      await this.inner.put(signature, textSource(this.signer.sign(text, manifest)), options);
    await this.inner.put(key, textSource(text), options);
    this.known.add(key, target, signature);
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

  /** Removes the other form of an artifact that was stored: there is one of each artifact. */
  private async removeIfThere(other: ArtifactKey, stored: ArtifactKey, options: StoreOptions): Promise<void> {
    this.known.add(stored);
    if (other === stored || !(await this.known.has(other, options))) return;
    await this.inner.remove(other, options);
    this.known.remove(other);
  }
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
