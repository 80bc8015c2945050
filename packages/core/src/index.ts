/**
 * Ports, and all that can be said without a disk, a process, a socket or a clock: names, schedule, retention,
 * manifest, sets; and the run, the restore and the verification themselves, which work with ports alone.
 *
 * Whatever fails fails with a {@link BackupError}, whose codes are stable: [all of
 * them](https://github.com/geolens-io/geolens-backup/blob/main/docs/errors.md).
 *
 * @module @geolens/backup-core
 */
export * from './base/count-text.ts';
export * from './base/errors.ts';
export * from './base/message-of.ts';
export * from './base/until-aborted.ts';
export * from './ports/failed-check.ts';
export * from './health/judge-health.ts';
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
export * from './ports/file-sources.ts';
export * from './ports/lock.ts';
export * from './ports/manifest-cache.ts';
export * from './ports/notifier.ts';
export * from './ports/primary-store.ts';
export { contentOf, type RestoreArtifact } from './ports/restore-artifact.ts';
export * from './ports/replica-records.ts';
export * from './ports/retention-policy.ts';
export * from './ports/run-journal.ts';
export * from './ports/server-probe.ts';
export * from './ports/orphan-cleaner.ts';
export * from './ports/staging-restorer.ts';
export * from './replication/plan-replication.ts';
export type { ReplicatedSet, ReplicationReport } from './replication/replicate.ts';
export * from './restore/find-source.ts';
export * from './restore/restore-report.ts';
export { sourceOfSet } from './sets/source-of-set.ts';
export type { RestoreSource } from './ports/file-sources.ts';
export * from './restore/restore.ts';
export * from './retention/keep-newest.ts';
export * from './retention/plan-retention.ts';
export * from './retention/prune.ts';
export type { PhaseProgress, RunEvent, RunObserver } from './progress/phases.ts';
export { Stall, type StallLimit, type StallOptions } from './progress/stall.ts';
export type { PhaseId, PhaseName, PhaseReport } from './model/run-phase.ts';
export type { ProduceParts, VerifyLevel } from './run/produce.ts';
export * from './run/run-parts.ts';
export * from './run/run-report.ts';
export * from './run/run.ts';
export * from './schedule/due-slot.ts';
export * from './schedule/longest-gap.ts';
export { parseSchedule, type Schedule } from './schedule/schedule.ts';
export * from './base/secret.ts';
export { isOfPgDumpall } from './sets/foreign-globals.ts';
export * from './sets/accept-set.ts';
export * from './sets/restore-tests.ts';
export * from './model/backup-set.ts';
export { warningsOf } from './sets/warnings-of.ts';
export * from './base/sha256-of.ts';
export * from './sets/read-sets.ts';
export { isUnusableState, readStateFile } from './sets/state-files.ts';
export * from './sets/read-stores.ts';
export { refusalText } from './restore/refusal.ts';
export { manifestTextOf, textOf, textSource } from './ports/text-source.ts';
export { copyOfSet, copyOfSource, type Copy } from './verify/copy.ts';
export { inconclusive, type RestoreTestReport } from './verify/restore-test-report.ts';
export type { ArtifactVerdict } from './verify/read-copy.ts';
export * from './verify/select-copies.ts';
export * from './verify/verify-report.ts';
export * from './verify/verify.ts';
