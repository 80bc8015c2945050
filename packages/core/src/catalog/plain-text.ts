import { BackupError, isBackupError, withReason, type BackupErrorOptions } from '../base/errors.ts';
import { ENCRYPTED_SUFFIX } from '../model/artifact-name.ts';
import { mergeDetails } from '../model/encrypted-manifest.ts';
import { parseManifest } from '../model/manifest-text.ts';
import { entryOf, type Manifest } from '../model/manifest.ts';
import type { ByteRange, StoreOptions } from '../ports/artifact-store.ts';
import type { Cipher } from '../ports/cipher.ts';
import type { ReadableArtifact, SetCopy } from '../ports/set-copy.ts';
import { manifestTextOf, textSource } from '../ports/text-source.ts';

/** Returns an encrypted artifact as its plain text, and any other artifact as it is. */
export function withPlainText(
  artifact: ReadableArtifact,
  manifest: Manifest | undefined,
  cipher: Cipher | undefined,
  options: StoreOptions = {},
): ReadableArtifact {
  const { name } = artifact;
  if (!name.endsWith(ENCRYPTED_SUFFIX)) return artifact;
  const { plain } = entryOf(manifest, name) ?? {};
  const recipients = manifest?.encryption?.recipients ?? [];
  return {
    name,
    // Without a manifest, the length is not known: that of the cipher text is little more.
    bytes: plain?.bytes ?? artifact.bytes,
    sha256: plain?.sha256,
    encrypted: artifact,
    open: (range) => within(decrypt(artifact, cipher, recipients, options), range),
  };
}

/** Decrypts an artifact. Names the artifact and its recipients if no identity opens it. */
async function* decrypt(
  artifact: ReadableArtifact,
  cipher: Cipher | undefined,
  recipients: readonly string[],
  reading: StoreOptions,
): AsyncGenerator<Uint8Array> {
  const to = recipients.length === 0 ? '' : ` to ${recipients.join(', ')}`;
  const missing = (why: string, options: BackupErrorOptions): BackupError =>
    new BackupError('KEY_MISSING', `${artifact.name} is encrypted${to}, and ${why}`, options);
  if (cipher === undefined || cipher.identities.length === 0)
    throw missing('no identity is given', withReason('identity-missing'));
  try {
    yield* cipher.decrypt(artifact.open(undefined, { reuseBuffer: true }), reading);
  } catch (error) {
    if (!isBackupError(error, 'KEY_MISSING')) throw error;
    throw missing(
      `no given identity opens it (${cipher.identities.join(', ')})`,
      withReason('identity-wrong'),
    );
  }
}

/** Returns the bytes of a range. All bytes before it are decrypted too. */
export async function* within(
  content: AsyncIterable<Uint8Array>,
  range: ByteRange | undefined,
): AsyncGenerator<Uint8Array> {
  if (range === undefined) {
    yield* content;
    return;
  }
  let position = 0;
  for await (const chunk of content) {
    const wanted = chunk.subarray(Math.max(0, range.start - position), Math.max(0, range.end - position));
    position += chunk.length;
    if (wanted.length > 0) yield wanted;
    if (position >= range.end) return;
  }
}

/**
 * Returns a copy with the whole manifest of an encrypted set, from its details. Returns other copies as they
 * are.
 * @throws BackupError KEY_MISSING if no identity opens the details
 * @throws BackupError ARTIFACT_UNREADABLE or MANIFEST_INVALID if they are damaged, or of another set
 */
export async function withDetails(copy: SetCopy): Promise<SetCopy> {
  const { manifest, artifacts } = copy;
  if (manifest?.encryption === undefined || artifacts.details === undefined) return copy;
  const text = await manifestTextOf(artifacts.details.open());
  if (textSource(text).sha256 !== artifacts.details.sha256)
    throw new BackupError(
      'ARTIFACT_UNREADABLE',
      `${artifacts.details.name}: its plain text is not what the manifest names`,
    );
  const details = parseManifest(text);
  return { ...copy, manifest: mergeDetails(manifest, details) };
}
