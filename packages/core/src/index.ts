/**
 * Ports, and all that can be said without a disk, a process, a socket or a clock: names, schedule, retention,
 * manifest, sets; and the run, the restore and the verification themselves, which work with ports alone.
 *
 * Whatever fails fails with a {@link BackupError}, whose codes are stable: [all of
 * them](https://github.com/geolens-io/geolens-backup/blob/main/docs/errors.md).
 *
 * @module @geolens/backup-core
 */
export * from './errors.ts';
export * from './failed-finding.ts';
export * from './health/judge-health.ts';
export * from './manifest/check-manifest.ts';
export { formatManifest, parseManifest } from './manifest/manifest-text.ts';
export * from './manifest/manifest.ts';
export { sealProblem } from './manifest/seal.ts';
export * from './naming/artifact-key.ts';
export * from './naming/artifact-name.ts';
export * from './naming/tier.ts';
export * from './naming/timestamp.ts';
export * from './ports/archiver.ts';
export * from './ports/artifact-store.ts';
export * from './ports/clock.ts';
export * from './ports/drill.ts';
export * from './ports/dump-producer.ts';
export * from './ports/dump-restorer.ts';
export * from './ports/examiner.ts';
export * from './ports/file-sources.ts';
export * from './ports/lock.ts';
export * from './ports/manifest-cache.ts';
export * from './ports/notifier.ts';
export * from './ports/primary-store.ts';
export { contentOf, type RestoreArtifact } from './ports/restore-artifact.ts';
export * from './ports/retention-policy.ts';
export * from './ports/run-journal.ts';
export * from './ports/server-probe.ts';
export * from './ports/sweeper.ts';
export * from './ports/staging-restorer.ts';
export * from './replication/plan-replication.ts';
export type { ReplicatedSet, ReplicationReport } from './replication/replicate.ts';
export * from './restore/find-source.ts';
export * from './restore/restore-report.ts';
export { sourceOfSet, type RestoreSource } from './restore/restore-source.ts';
export * from './restore/restore.ts';
export * from './retention/keep-newest.ts';
export * from './retention/plan-retention.ts';
export * from './retention/prune.ts';
export type { PhaseId, PhaseName, PhaseProgress, PhaseReport, RunEvent, RunObserver } from './run/phases.ts';
export type { ProduceParts, VerifyLevel } from './run/produce.ts';
export * from './run/run-parts.ts';
export * from './run/run-report.ts';
export * from './run/run.ts';
export * from './schedule/due-slot.ts';
export * from './schedule/longest-gap.ts';
export { parseSchedule, type Schedule } from './schedule/schedule.ts';
export * from './secret.ts';
export { isOfPgDumpall } from './sets/foreign-globals.ts';
export * from './sets/accept-set.ts';
export * from './sets/backup-set.ts';
export { doubtsOf } from './sets/doubts-of.ts';
export * from './sha256-of.ts';
export * from './sets/read-sets.ts';
export * from './sets/read-stores.ts';
export * from './shrink/suspicion-text.ts';
export { textOf, textSource } from './text-source.ts';
export { copyOfSource, type Copy } from './verify/copy.ts';
export { unprovable, type DrillReport } from './verify/drill-report.ts';
export type { ArtifactVerdict } from './verify/read-copy.ts';
export * from './verify/select-copies.ts';
export * from './verify/verify-report.ts';
export * from './verify/verify.ts';
