import { encryptSource } from '../encrypt/encrypt-source.ts';
import { encryptedKey, splitKey, type ArtifactKey } from '../model/artifact-key.ts';
import type { ArtifactKind } from '../model/artifact-name.ts';
import { publicManifest } from '../model/encrypted-manifest.ts';
import type { ContentDigest, Manifest } from '../model/manifest.ts';
import type { ArtifactSource } from '../ports/artifact-store.ts';
import type { Cipher } from '../ports/cipher.ts';
import type { SetTransaction, WrittenArtifact } from '../ports/primary-store.ts';
import { nothingMore, verifyArtifact } from '../catalog/verify-artifact.ts';
import type { Phases } from '../progress/phases.ts';
import type { StagedUploads } from '../replicate/staged-uploads.ts';
import type { Produced } from './produce.ts';

/** Dependencies of the encryption of a set. */
export interface EncryptSetParts {
  readonly cipher: Cipher;
  readonly phases: Phases;
  /** Receives each cipher text once it is complete. */
  readonly stagedUploads: StagedUploads;
  readonly signal: AbortSignal;
}

/** An encrypted set before its publication. */
export interface EncryptedSet {
  /** The manifest beside the artifacts. */
  readonly manifest: Manifest;
  /** Keys in the order of publication, without the manifest. */
  readonly keys: readonly ArtifactKey[];
}

/**
 * Writes the encrypted form of verified artifacts, and of their whole manifest, into the same transaction.
 * The plain artifacts stay in the transaction until it ends.
 */
export async function encryptSet(
  { transaction, artifacts }: Produced,
  manifest: Manifest,
  text: ArtifactSource & { readonly key: ArtifactKey },
  parts: EncryptSetParts,
): Promise<EncryptedSet> {
  const cipherTexts = new Map<ArtifactKind, ContentDigest>();
  const keys: ArtifactKey[] = [];
  for (const { key, entry, source } of artifacts.filter(({ entry: { kind } }) => kind !== 'dump'))
    await encrypt(entry.kind, key, source);
  await encrypt('details', text.key, text);
  for (const { key, entry, source } of artifacts.filter(({ entry: { kind } }) => kind === 'dump'))
    await encrypt(entry.kind, key, source);
  const { scheme, recipients } = parts.cipher;
  return { manifest: publicManifest(manifest, { scheme, recipients }, cipherTexts, text), keys };

  async function encrypt(kind: ArtifactKind, key: ArtifactKey, source: ArtifactSource): Promise<void> {
    const written = await encryptArtifact(transaction, { kind, key, source }, parts);
    keys.push(written.key);
    cipherTexts.set(kind, { bytes: written.bytes, sha256: written.sha256 });
  }
}

async function encryptArtifact(
  transaction: SetTransaction,
  {
    kind,
    key,
    source,
  }: { readonly kind: ArtifactKind; readonly key: ArtifactKey; readonly source: ArtifactSource },
  { cipher, phases, stagedUploads, signal }: EncryptSetParts,
): Promise<WrittenArtifact> {
  const target = encryptedKey(key);
  const of = { artifact: kind, bytes: () => source.bytes, expected: { atMost: source.bytes } };
  const written = await phases.measure(
    'encrypt',
    async (watch) => {
      const options = { signal: watch.until(signal) };
      const made: WrittenArtifact[] = [];
      await encryptSource(cipher, watch.source(source), options, async (once) => {
        made.push(await transaction.write(target, once.open(), options));
      });
      const [artifact] = made;
      if (artifact === undefined) throw new Error('nothing was written');
      await verifyArtifact(splitKey(target).fileName, artifact, nothingMore, options.signal);
      return artifact;
    },
    of,
  );
  stagedUploads.begin(target, kind, written);
  return written;
}
