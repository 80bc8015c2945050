import { isBackupError, type BackupError } from '../base/errors.ts';
import { mergeDetails } from '../model/encrypted-manifest.ts';
import { formatManifest, parseManifest } from '../model/manifest-text.ts';
import { MANIFEST_SCHEMA_VERSION, type Checks, type Manifest, type Suspicion } from '../model/manifest.ts';
import { artifactKey, companionKey, splitKey, type ArtifactKey } from '../model/artifact-key.ts';
import type { ManifestSigner } from '../model/trust.ts';
import type { SetTransaction } from '../ports/primary-store.ts';
import { formatArtifactName } from '../model/artifact-name.ts';
import { tiersOf } from '../model/tier.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import { manifestTextOf, textOf, textSource } from '../ports/text-source.ts';
import type { Phases } from '../progress/phases.ts';
import { encryptManifest, type EncryptionParts } from './encrypt-set.ts';
import type { Produced, ProducedArtifact, VerifyLevel } from './produce.ts';
import { nothingMore, verifyArtifact } from '../catalog/verify-artifact.ts';

export interface PublishRequest {
  readonly timestamp: RunTimestamp;
  readonly database: string;
  readonly toolVersion: string;
  readonly verified: VerifyLevel;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly suspicion: Suspicion | undefined;
  readonly acceptedSince: RunTimestamp | undefined;
  readonly warnings: readonly string[];
}

export interface PublishOptions {
  readonly phases: Phases;
  /** Encrypts the set. `undefined` if it stays plain. */
  readonly encryption: EncryptionParts | undefined;
  /** Signs the manifest. `undefined` if it is not signed. */
  readonly signer: ManifestSigner | undefined;
  readonly signal: AbortSignal;
}

export interface Published {
  /** The whole manifest, with the names of the published artifacts. */
  readonly manifest: Manifest;
  /** The plain artifacts of an encrypted set. Readable until they are discarded. */
  readonly plain: PlainArtifacts | undefined;
  /** Why the set may not survive a power failure (NOT_CONFIRMED). `undefined` if it does. */
  readonly unconfirmed: BackupError | undefined;
}

/** Plain artifacts of a set whose encrypted form is published. */
export interface PlainArtifacts {
  readonly artifacts: readonly ProducedArtifact[];
  /** Removes them. Never fails. */
  discard(): Promise<void>;
}

/** Publishes the artifacts in `daily`, all or none, the manifest last. A failure leaves nothing behind. */
export async function publish(
  produced: Produced,
  request: PublishRequest,
  { phases, encryption, signer, signal }: PublishOptions,
): Promise<Published> {
  const { transaction, artifacts } = produced;
  try {
    const whole = await readable(describe(produced, request));
    const name = formatArtifactName({ kind: 'manifest', timestamp: request.timestamp });
    const key = artifactKey('daily', name);
    const text = { key, kind: 'details', source: textSource(whole.text) } as const;
    const cipherTexts = artifacts.flatMap(({ entry, cipherText }) =>
      cipherText === undefined ? [] : [{ entry, cipherText }],
    );
    const encrypted =
      encryption && (await encryptManifest(transaction, cipherTexts, { ...whole, text }, encryption));
    const keys = encrypted?.keys ?? artifacts.map((artifact) => artifact.key);
    const unconfirmed = await phases.measure('publish', async () => {
      const source = encrypted === undefined ? text.source : textSource(formatManifest(encrypted.manifest));
      const written = await transaction.write(key, source.open(), { signal });
      await verifyArtifact(name, written, nothingMore, signal);
      const signature =
        signer && (await sign(transaction, key, await textOf(source.open()), signer, request));
      return transaction
        .commit([...keys, ...(signature === undefined ? [] : [signature]), key])
        .then(() => undefined, whenThere);
    });
    return {
      manifest: encrypted === undefined ? whole.manifest : mergeDetails(encrypted.manifest, whole.manifest),
      plain: encrypted && { artifacts, discard: () => transaction.rollback() },
      unconfirmed,
    };
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
}

/** Writes the signature of a manifest. Returns its key. */
async function sign(
  transaction: SetTransaction,
  manifestKey: ArtifactKey,
  text: string,
  signer: ManifestSigner,
  { timestamp, database }: PublishRequest,
): Promise<ArtifactKey> {
  const { tier } = splitKey(manifestKey);
  const key = companionKey({ tier, timestamp }, 'signature');
  await transaction.write(key, textSource(signer.sign(text, { timestamp, database })).open());
  return key;
}

function whenThere(error: unknown): BackupError {
  if (isBackupError(error, 'NOT_CONFIRMED')) return error;
  throw error;
}

/** Removes the row counts from a manifest that would be too large to read. */
async function readable(manifest: Manifest): Promise<{ readonly manifest: Manifest; readonly text: string }> {
  const text = formatManifest(manifest);
  try {
    parseManifest(await manifestTextOf(textSource(text).open()));
    return { manifest, text };
  } catch {
    const warning = 'the rows of each table are not in the manifest, which would be too large';
    const counts = { rowCounts: undefined, extensionRowCounts: undefined };
    const artifacts = manifest.artifacts.map((entry) => ({ ...entry, ...counts }));
    const shorter = { ...manifest, artifacts, warnings: [...manifest.warnings, warning] };
    return { manifest: shorter, text: formatManifest(shorter) };
  }
}

function describe({ origin, artifacts }: Produced, request: PublishRequest): Manifest {
  const passed = { outcome: 'passed', at: request.finishedAt.toISOString() } as const;
  const checks: Checks =
    request.verified === 'checksum' ? { checksum: passed } : { checksum: passed, content: passed };
  return {
    schemaVersion: MANIFEST_SCHEMA_VERSION,
    timestamp: request.timestamp,
    toolVersion: request.toolVersion,
    database: request.database,
    serverVersion: origin.serverVersion,
    clientVersion: origin.clientVersion,
    extensions: origin.extensions,
    databaseProperties: origin.databaseProperties,
    databaseBytes: origin.databaseBytes,
    ...(origin.preloadedLibraries !== undefined && { preloadedLibraries: origin.preloadedLibraries }),
    startedAt: request.startedAt.toISOString(),
    finishedAt: request.finishedAt.toISOString(),
    tiers: tiersOf(request.timestamp),
    artifacts: artifacts.map(({ entry }) => entry).sort((one, other) => (one.kind < other.kind ? -1 : 1)),
    checks,
    ...(request.suspicion !== undefined && { suspicion: request.suspicion }),
    ...(request.acceptedSince !== undefined && { acceptedSince: request.acceptedSince }),
    warnings: request.warnings,
  };
}
