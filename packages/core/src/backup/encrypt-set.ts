import { encryptSource } from '../encrypt/encrypt-source.ts';
import { encryptedKey, splitKey, type ArtifactKey } from '../model/artifact-key.ts';
import type { ArtifactKind } from '../model/artifact-name.ts';
import { publicManifest } from '../model/encrypted-manifest.ts';
import type { ContentDigest, Manifest, ManifestArtifact } from '../model/manifest.ts';
import type { ArtifactSource } from '../ports/artifact-store.ts';
import type { Cipher } from '../ports/cipher.ts';
import type { SetTransaction, WrittenArtifact } from '../ports/primary-store.ts';
import { nothingMore, verifyArtifact } from '../catalog/verify-artifact.ts';
import type { Phases } from '../progress/phases.ts';
import type { StagedUploads } from '../replicate/staged-uploads.ts';

/** Dependencies of the encryption of a set. */
export interface EncryptionParts {
  readonly cipher: Cipher;
  readonly phases: Phases;
  /** Receives each cipher text once it is complete. */
  readonly stagedUploads: StagedUploads | undefined;
  readonly signal: AbortSignal;
}

/** An artifact to encrypt. */
export interface PlainArtifact {
  readonly key: ArtifactKey;
  readonly kind: ArtifactKind;
  readonly source: ArtifactSource;
}

/** An encrypted set before its publication. */
export interface EncryptedSet {
  /** The manifest beside the artifacts. */
  readonly manifest: Manifest;
  /** Keys in the order of publication, without the manifest. */
  readonly keys: readonly ArtifactKey[];
}

/**
 * Writes the encrypted form of an artifact into the same transaction, and reads it back. The plain form stays
 * in the transaction until it ends.
 */
export async function encryptArtifact(
  transaction: SetTransaction,
  { kind, key, source }: PlainArtifact,
  { cipher, phases, stagedUploads, signal }: EncryptionParts,
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
  stagedUploads?.begin(target, kind, written);
  return written;
}

/**
 * Completes the encryption of a set: encrypts its whole manifest, and describes the cipher texts.
 * @param artifacts cipher texts of all artifacts, in the order of publication
 */
export async function encryptManifest(
  transaction: SetTransaction,
  artifacts: readonly { readonly entry: ManifestArtifact; readonly cipherText: WrittenArtifact }[],
  { manifest, text }: { readonly manifest: Manifest; readonly text: PlainArtifact },
  parts: EncryptionParts,
): Promise<EncryptedSet> {
  const details = await encryptArtifact(transaction, text, parts);
  const digests = new Map<ArtifactKind, ContentDigest>([['details', details]]);
  for (const { entry, cipherText } of artifacts) digests.set(entry.kind, cipherText);
  const { scheme, recipients } = parts.cipher;
  return {
    manifest: publicManifest(manifest, { scheme, recipients }, digestsOf(digests), text.source),
    keys: [details.key, ...artifacts.map(({ cipherText }) => cipherText.key)],
  };
}

function digestsOf(
  contents: ReadonlyMap<ArtifactKind, ContentDigest>,
): ReadonlyMap<ArtifactKind, ContentDigest> {
  return new Map([...contents].map(([kind, { bytes, sha256 }]) => [kind, { bytes, sha256 }]));
}
