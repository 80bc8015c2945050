/**
 * Implements the ports of core with files of this machine: a folder as a store, tar archives, the journal.
 *
 * @module @geolens/backup-adapter-local
 */
export { StagingDiagnosticCheck } from './archive/staging-diagnostic-check.ts';
export { TarArchiver, type TarArchiverOptions } from './archive/tar-archiver.ts';
export { TarStagingRestorer, type TarStagingRestorerOptions } from './archive/tar-staging-restorer.ts';
export { FileJournal, journalName } from './file-journal.ts';
export { FileRecords, recordsName } from './file-records.ts';
export { FileReport, reportName } from './file-report.ts';
export { freeBytes, systemClock } from './machine.ts';
export { fileSources } from './store/file-sources.ts';
export { FolderDiagnosticCheck } from './store/folder-diagnostic-check.ts';
export { LocalStore, type LocalStoreOptions } from './store/local-store.ts';
