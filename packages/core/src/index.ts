/**
 * Ports, and everything that needs no disk, process, socket or clock: names, schedule, retention, manifests
 * and sets. Also the run, the restore and the verification, which depend on ports only.
 *
 * All failures are {@link BackupError}s with stable codes: [all of
 * them](https://github.com/geolens-io/geolens-backup/blob/main/docs/errors.md).
 *
 * @module @geolens/backup-core
 */

// Errors and secrets
export {
  BackupError,
  ERROR_CODES,
  ERROR_REASONS,
  abortedBy,
  errorText,
  isBackupError,
  throwIfAborted,
  toBackupError,
  withReason,
  type BackupErrorOptions,
  type ErrorCode,
  type ErrorDetails,
  type ErrorReason,
} from './base/errors.ts';
export { Secret } from './base/secret.ts';
export { sha256Of } from './base/sha256-of.ts';

// Names, manifests and sets
export { artifactKey, parseKey, splitKey, type ArtifactKey } from './model/artifact-key.ts';
export {
  formatArtifactName,
  parseArtifactName,
  type ArtifactKind,
  type ArtifactName,
} from './model/artifact-name.ts';
export {
  SET_STATES,
  bytesOf,
  newestFirst,
  type BackupSet,
  type SetArtifact,
  type SetState,
} from './model/backup-set.ts';
export type { CheckOutcome } from './model/check-outcome.ts';
export { parseManifest } from './model/manifest-text.ts';
export {
  MANIFEST_SCHEMA_VERSION,
  dumpOf,
  rowsOf,
  totalRows,
  type CheckResult,
  type Checks,
  type Compression,
  type ContentDigest,
  type DatabaseProperties,
  type Encryption,
  type Extension,
  type Manifest,
  type ManifestArtifact,
  type Suspicion,
  type TableRows,
} from './model/manifest.ts';
export type { PhaseId, PhaseName, PhaseReport } from './model/run-phase.ts';
export {
  formatSigningKey,
  generateSigningKey,
  parsePublicKeys,
  parseSigningKey,
  type PublicKey,
  type SigningKey,
} from './model/minisign.ts';
export {
  manifestSigner,
  trustKeys,
  type ManifestSigner,
  type SignedSet,
  type TrustPolicy,
} from './model/trust.ts';
export { isHeld, type CurrentState, type Hold } from './model/state-file.ts';
export { TIERS, type Tier } from './model/tier.ts';
export { formatTimestamp, parseTimestamp, timestampToDate, type RunTimestamp } from './model/timestamp.ts';

// Ports: stores
export type {
  ArtifactContent,
  ArtifactSource,
  ArtifactStore,
  ByteRange,
  ReadingOptions,
  StagedUpload,
  StoreCapabilities,
  StoreEncryption,
  StoreOptions,
  StoredArtifact,
} from './ports/artifact-store.ts';
export { HEADER_BYTES, type Cipher, type CipherText } from './ports/cipher.ts';
export { EncryptedStore } from './encrypt/encrypted-store.ts';
export { DraftTransaction, type Draft, type DraftStore } from './ports/draft-transaction.ts';
export type { PrimaryStore, SetTransaction, WrittenArtifact } from './ports/primary-store.ts';
export type { ReplicaRecord, ReplicaRecords } from './ports/replica-records.ts';

// Ports: database and files
export type { Archive, ArchiveCheck, ArchiveCheckOptions, Archiver } from './ports/archiver.ts';
export type {
  DumpCheckOptions,
  DumpContent,
  DumpOrigin,
  DumpProducer,
  DumpSnapshot,
  DumpedRows,
  RowCounts,
  SnapshotOptions,
} from './ports/dump-producer.ts';
export type {
  DumpRestorer,
  FinishedSwap,
  Inspection,
  KeptContent,
  RestoreInput,
  RestoreMode,
  RestoreSession,
  RestoreSessionOptions,
  Restored,
  RestoredAside,
  RestorerEvent,
  TableSelection,
} from './ports/dump-restorer.ts';
export type {
  RestoreTestEnvironment,
  RestoreTestNeeds,
  RestoreTestOptions,
  RestoreTestResult,
  RestoreTester,
} from './ports/restore-tester.ts';
export type { ReadableArtifact, SetCopy, StoredSet } from './ports/set-copy.ts';
export type {
  RecoverOptions,
  StagingRestorer,
  SwappedStaging,
  UnpackedStaging,
} from './ports/staging-restorer.ts';

// Ports: lock, clock, journal, retention
export type { Clock } from './ports/clock.ts';
export { noLock, type Lock, type LockHolder, type LockLease, type LockOptions } from './ports/lock.ts';
export type { OrphanCleaner } from './ports/orphan-cleaner.ts';
export type { RetentionContext, RetentionPolicy, RetentionVerdict } from './ports/retention-policy.ts';
export type {
  JournalState,
  JournalledProgress,
  JournalledReplicaCheck,
  JournalledRestoreTest,
  JournalledRun,
  JournalledSlot,
  PastRun,
  RunJournal,
  RunOutcome,
} from './ports/run-journal.ts';

// Reading and choosing sets
export { holdSet, type HoldOptions, type HoldReport } from './catalog/hold-set.ts';
export {
  acceptSet,
  type AcceptOptions,
  type AcceptParts,
  type AcceptReport,
  type AcceptedCopy,
} from './catalog/accept-set.ts';
export type { ArtifactReading, ReadingParts } from './catalog/read-copy.ts';
export { readSets, type ReadSetsOptions } from './catalog/read-sets.ts';
export { readStores, type StoreAnswer } from './catalog/read-stores.ts';
export type { TestedRun } from './catalog/restore-tests.ts';
export {
  TO_RESTORE,
  TO_VERIFY,
  selectSetToRestore,
  selectSets,
  type SelectedSets,
  type SelectionPolicy,
  type SetQuery,
  type Wanted,
} from './catalog/select-sets.ts';
export { withDetails } from './catalog/plain-text.ts';
export { copyOfSet, type CopyOptions } from './catalog/set-copy.ts';

// Backing up
export type { ProduceParts, VerifyLevel } from './backup/produce.ts';
export type { RunOptions, RunParts } from './backup/run-parts.ts';
export type { RunReport } from './backup/run-report.ts';
export { run } from './backup/run.ts';
export type { PhaseProgress, RunEvent, RunObserver } from './progress/phases.ts';
export type { StallLimit } from './progress/stall.ts';
export type { ReplicatedSet, ReplicationReport } from './replicate/replicate.ts';

// Verifying
export { checkKeys, recipientOf, type KeyCheck, type KeyCheckRequest } from './verify/check-keys.ts';
export type { RestoreTestReport } from './restore-test/restore-test-report.ts';
export type { CopyReport, VerifyReport } from './verify/verify-report.ts';
export {
  verify,
  type VerifyEvent,
  type VerifyOptions,
  type VerifyParts,
  type VerifyRequest,
} from './verify/verify.ts';

// Restoring
export {
  cleanUpKept,
  type Kept,
  type KeptOptions,
  type KeptParts,
  type KeptReport,
  type KeptRequest,
} from './restore/clean-up-kept.ts';
export type { RestoreOptions, RestoreParts, RestoreRequest } from './restore/restore-context.ts';
export type { FilesMode, RestorePlan, RestoreReport } from './restore/restore-report.ts';
export { restore } from './restore/restore.ts';

// Retention
export { keepNewest, type KeepCounts } from './retention/keep-newest.ts';
export { planRetention, type RetentionPlan, type RetentionRequest } from './retention/plan-retention.ts';
export { prune, type PruneOptions, type PruneParts } from './retention/prune.ts';
export { removeSet, type Removal, type RemoveOptions } from './retention/remove-set.ts';

// Schedule and health
export { dueSlot, type DueRequest } from './schedule/due-slot.ts';
export { judgeHealth, type Health, type HealthRequest, type RunInProgress } from './schedule/judge-health.ts';
export { longestGap } from './schedule/longest-gap.ts';
export { parseSchedule, type Schedule } from './schedule/schedule.ts';
