import { BackupError } from '../base/errors.ts';
import type { ArtifactKind } from './artifact-name.ts';
import { artifactKey, encryptedKey, plainKey, splitKey, type ArtifactKey } from './artifact-key.ts';
import {
  CHECK_NAMES,
  ENCRYPTED_SCHEMA_VERSION,
  entryOf,
  MANIFEST_SCHEMA_VERSION,
  type Checks,
  type CheckResult,
  type ContentDigest,
  type Encryption,
  type Manifest,
  type ManifestArtifact,
} from './manifest.ts';

/** Stands for what only the details have. */
const HIDDEN = 'the reason is not stored in plain text';

/** What was encrypted of a set: the length and digest of each cipher text, by kind, with the details. */
export type CipherTexts = ReadonlyMap<ArtifactKind, ContentDigest>;

/**
 * Returns the manifest of an encrypted set: what listing, retention and a check of the bytes need, and no
 * data. An artifact without a cipher text is described as it is.
 * @param manifest the whole manifest of the plain set
 * @param details length and digest of its text, which the details contain
 */
export function publicManifest(
  manifest: Manifest,
  encryption: Encryption,
  cipherTexts: CipherTexts,
  details: ContentDigest,
): Manifest {
  const { acceptedAt, acceptedSince, suspicion } = manifest;
  const encrypted = (entry: ManifestArtifact): ManifestArtifact => {
    const { kind, name, bytes, sha256, compression } = entry;
    const cipherText = cipherTexts.get(kind);
    return {
      kind,
      ...(cipherText === undefined
        ? { name, bytes, sha256 }
        : { name: renamed(name, encryptedKey), ...cipherText, plain: { bytes, sha256 } }),
      ...(compression !== undefined && { compression }),
    };
  };
  const name = `manifest-${manifest.timestamp}.json`;
  return {
    schemaVersion: ENCRYPTED_SCHEMA_VERSION,
    timestamp: manifest.timestamp,
    toolVersion: manifest.toolVersion,
    database: manifest.database,
    serverVersion: manifest.serverVersion,
    clientVersion: manifest.clientVersion,
    extensions: [],
    startedAt: manifest.startedAt,
    finishedAt: manifest.finishedAt,
    tiers: manifest.tiers,
    encryption,
    artifacts: [encrypted({ kind: 'details', name, ...details }), ...manifest.artifacts.map(encrypted)],
    checks: withoutReasons(manifest.checks),
    ...(suspicion !== undefined && { suspicion: { reasons: [HIDDEN], at: suspicion.at } }),
    ...(acceptedAt !== undefined && { acceptedAt }),
    ...(acceptedSince !== undefined && { acceptedSince }),
    warnings: [],
  };
}

/** Returns checks with their outcomes alone: reasons name tables, files and other data. */
export function withoutReasons(checks: Checks): Checks {
  return Object.fromEntries(
    CHECK_NAMES.flatMap((name): [string, CheckResult][] => {
      const check = checks[name];
      if (check === undefined) return [];
      return [[name, check.reason === undefined ? check : { ...check, reason: HIDDEN }]];
    }),
  );
}

/**
 * Returns the manifest of an encrypted set as that of the same set in its plain form. It still lacks what
 * only the details have.
 */
export function plainManifest({ encryption, artifacts, ...manifest }: Manifest): Manifest {
  if (encryption === undefined) return { ...manifest, artifacts };
  return {
    ...manifest,
    schemaVersion: MANIFEST_SCHEMA_VERSION,
    artifacts: artifacts.flatMap(({ plain, ...entry }) =>
      entry.kind === 'details'
        ? []
        : [plain === undefined ? entry : { ...entry, name: renamed(entry.name, plainKey), ...plain }],
    ),
  };
}

/**
 * Returns the whole manifest of an encrypted set.
 * @param manifest the manifest beside its artifacts
 * @param details the manifest in its details
 * @throws BackupError ARTIFACT_UNREADABLE if they are not of the same set
 */
export function mergeDetails(manifest: Manifest, details: Manifest): Manifest {
  const digests = ({ artifacts }: Manifest): string =>
    artifacts
      .map(({ kind, bytes, sha256 }) => `${kind} ${bytes} ${sha256}`)
      .sort()
      .join('\n');
  const isSame =
    manifest.timestamp === details.timestamp &&
    manifest.database === details.database &&
    digests(plainManifest(manifest)) === digests(details);
  if (!isSame)
    throw new BackupError(
      'ARTIFACT_UNREADABLE',
      'the manifest and the encrypted details are not of the same set',
    );
  const { schemaVersion, encryption, artifacts } = manifest;
  const merged = artifacts.map((entry) => ({
    ...details.artifacts.find(({ kind }) => kind === entry.kind),
    ...entry,
  }));
  return { ...details, schemaVersion, encryption, artifacts: merged };
}

/** Returns the length of each artifact of a set by key, of encrypted ones also that of the plain form. */
export function lengthsOf({
  artifacts,
  manifest,
}: {
  readonly artifacts: readonly { readonly key: ArtifactKey; readonly bytes: number }[];
  readonly manifest: Manifest | undefined;
}): readonly (readonly [ArtifactKey, number])[] {
  return artifacts.flatMap(({ key, bytes }) => {
    const { plain } = entryOf(manifest, splitKey(key).fileName) ?? {};
    // The plain form of the details is the manifest of the plain set.
    return [[key, bytes] as const, ...(plain === undefined ? [] : [[plainKey(key), plain.bytes] as const])];
  });
}

function renamed(name: string, change: typeof plainKey): string {
  return splitKey(change(artifactKey('daily', name))).fileName;
}
