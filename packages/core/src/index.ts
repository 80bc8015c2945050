/**
 * Ports, and everything that needs no disk, process, socket or clock: names, schedule, retention, manifests
 * and sets. Also the run, the restore and the verification, which depend on ports only.
 *
 * All failures are {@link BackupError}s with stable codes: [all of
 * them](https://github.com/geolens-io/geolens-backup/blob/main/docs/errors.md).
 *
 * @module @geolens/backup-core
 */
export * from './base/count-text.ts';
export * from './base/errors.ts';
export * from './base/until-aborted.ts';
export * from './schedule/judge-health.ts';
export * from './model/check-manifest.ts';
export {
  formatChecks,
  formatManifest,
  parseManifest,
  type WrittenCheck,
  type WrittenChecks,
} from './model/manifest-text.ts';
export { currentState, timeOf, type CurrentState, type StateFile } from './model/state-file.ts';
export * from './model/manifest.ts';
export { manifestChecksumProblem } from './model/manifest-checksum.ts';
export * from './model/artifact-key.ts';
export * from './model/artifact-name.ts';
export type { CheckOutcome } from './model/check-outcome.ts';
export * from './model/tier.ts';
export * from './model/timestamp.ts';
export * from './ports/archiver.ts';
export * from './ports/artifact-store.ts';
export * from './ports/clock.ts';
export * from './ports/restore-tester.ts';
export * from './ports/dump-producer.ts';
export * from './ports/dump-restorer.ts';
export * from './ports/diagnostic-check.ts';
export * from './ports/set-copy.ts';
export * from './ports/lock.ts';
export * from './ports/notifier.ts';
export * from './ports/primary-store.ts';
export { DraftTransaction, type Draft, type DraftStore } from './ports/draft-transaction.ts';
export * from './ports/replica-records.ts';
export * from './ports/retention-policy.ts';
export * from './ports/run-journal.ts';
export * from './ports/server-probe.ts';
export * from './ports/orphan-cleaner.ts';
export * from './ports/staging-restorer.ts';
export * from './replicate/plan-replication.ts';
export type { ReplicatedSet, ReplicationReport } from './replicate/replicate.ts';
export * from './restore/restore-report.ts';
export { copyOfSet, labelOf, warningsOf, withStaging, type CopyOptions } from './catalog/set-copy.ts';
export { restore } from './restore/restore.ts';
export type { RestoreOptions, RestoreParts, RestoreRequest } from './restore/restore-context.ts';
export * from './retention/keep-newest.ts';
export * from './retention/plan-retention.ts';
export * from './retention/prune.ts';
export type { PhaseProgress, RunEvent, RunObserver } from './progress/phases.ts';
export { Stall, type StallLimit, type StallOptions } from './progress/stall.ts';
export type { PhaseId, PhaseName, PhaseReport } from './model/run-phase.ts';
export type { ProduceParts, VerifyLevel } from './backup/produce.ts';
export * from './backup/run-parts.ts';
export * from './backup/run-report.ts';
export * from './backup/run.ts';
export * from './schedule/due-slot.ts';
export * from './schedule/longest-gap.ts';
export { parseSchedule, type Schedule } from './schedule/schedule.ts';
export * from './base/secret.ts';
export { isOfPgDumpall } from './catalog/foreign-globals.ts';
export * from './catalog/accept-set.ts';
export * from './catalog/restore-tests.ts';
export * from './model/backup-set.ts';
export * from './base/sha256-of.ts';
export * from './catalog/read-sets.ts';
export { isUnusableState, readStateFile } from './catalog/state-files.ts';
export * from './catalog/read-stores.ts';
export { refusalText } from './restore/check-copy.ts';
export { manifestTextOf, textOf, textSource } from './ports/text-source.ts';
export { inconclusive, type RestoreTestReport } from './restore-test/restore-test-report.ts';
export type { ArtifactReading, ReadingParts } from './catalog/read-copy.ts';
export * from './catalog/select-sets.ts';
export * from './verify/verify-report.ts';
export * from './verify/verify.ts';
