/**
 * The ports of core on the programs and files of this machine: a folder as a store, pg_dump and pg_restore,
 * scratch servers, tar, flock.
 *
 * @module @geolens/backup-adapter-local
 */
export { FileJournal, journalName } from './file-journal.ts';
export { FileManifestCache, manifestCacheName } from './file-manifest-cache.ts';
export { FlockLock, LOCK_NAME } from './lock/flock-lock.ts';
export * from './postgres/connection-settings.ts';
export { connectionFromUrl } from './postgres/connection-url.ts';
export type { RehearsalOptions } from './postgres/drill/rehearsing.ts';
export { ScratchDrill, type ScratchDrillOptions } from './postgres/drill/scratch-drill.ts';
export { PgDumpProducer, type PgDumpProducerOptions } from './postgres/pg-dump-producer.ts';
export { PgExaminer, type PgExaminerOptions } from './postgres/pg-examiner.ts';
export { PgServerProbe } from './postgres/pg-server-probe.ts';
export { PgDumpRestorer, type PgDumpRestorerOptions } from './postgres/restore/pg-dump-restorer.ts';
export { giveWay } from './programs/give-way.ts';
export type { ProgramEnvironment } from './programs/program.ts';
export { StagingExaminer } from './staging/staging-examiner.ts';
export { TarArchiver, type TarArchiverOptions } from './staging/tar-archiver.ts';
export { TarStagingRestorer, type TarStagingRestorerOptions } from './staging/tar-staging-restorer.ts';
export { fileSources } from './store/file-sources.ts';
export { FolderExaminer } from './store/folder-examiner.ts';
export { freeBytes } from './store/free-bytes.ts';
export { LocalStore, type LocalStoreOptions } from './store/local-store.ts';
export { systemClock } from './system-clock.ts';
