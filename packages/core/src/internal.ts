/**
 * What the packages of this repository share besides the public exports. It changes without notice.
 *
 * @module @geolens/backup-core/internal
 */

// Errors and secrets
export { countText, numberText } from './base/count-text.ts';
export { messageOf } from './base/errors.ts';
export { untilAborted } from './base/until-aborted.ts';

// Names, manifests and sets
export { companionKey, encryptedKey, nameOfKey, placeOf, type SetPlace } from './model/artifact-key.ts';
export { escapeDatabase } from './model/artifact-name.ts';
export { isRestorable, isWhole } from './model/backup-set.ts';
export { checkManifest } from './model/check-manifest.ts';
export { manifestChecksumProblem } from './model/manifest-checksum.ts';
export {
  formatChecks,
  formatManifest,
  type WrittenCheck,
  type WrittenChecks,
} from './model/manifest-text.ts';
export { lengthsOf } from './model/encrypted-manifest.ts';
export { CHECK_NAMES, entryOf, isDamage } from './model/manifest.ts';
export { currentState, timeOf, type StateFile } from './model/state-file.ts';
export { tiersOf } from './model/tier.ts';

// Ports: stores
export { MemoryRecords } from './ports/replica-records.ts';

// Ports: database and files
export type { FileSources } from './ports/set-copy.ts';

// Ports: lock, clock, journal, retention
export {
  failedCheck,
  notChecked,
  type DiagnosticCheck,
  type DiagnosticLevel,
  type DiagnosticResult,
} from './ports/diagnostic-check.ts';
export type { Notification, Notifier } from './ports/notifier.ts';
export type { ServerProbe, ServerState } from './ports/server-probe.ts';
export { manifestTextOf, textOf, textSource } from './ports/text-source.ts';

// Reading and choosing sets
export { isOfPgDumpall } from './catalog/foreign-globals.ts';
export { listAll } from './catalog/read-sets.ts';
export { heldText } from './retention/plan-retention.ts';
export { signSets, type SignSetsRequest } from './catalog/sign-sets.ts';
export {
  failedTestText,
  hasFailedTest,
  hasOpenFailure,
  hasPassedTest,
  latestTest,
  newestPassed,
  newestPassedText,
  newestTest,
  standingFailure,
} from './catalog/restore-tests.ts';
export { withPlainText } from './catalog/plain-text.ts';
export { labelOf, warningsOf, withStaging } from './catalog/set-copy.ts';
export { isUnusableState, readStateFile } from './catalog/state-files.ts';

// Backing up
export { Stall, type StallOptions } from './progress/stall.ts';
export {
  planReplication,
  type PlannedCopy,
  type PlannedUpload,
  type ReplicationRequest,
} from './replicate/plan-replication.ts';

// Verifying
export { inconclusive } from './restore-test/restore-test-report.ts';
export { checksOf, isBadCopy, lacksOf, problemsOf } from './verify/verify-report.ts';

// Restoring
export { refusalText } from './restore/check-copy.ts';

// Schedule and health
export { isFresh } from './schedule/judge-health.ts';
