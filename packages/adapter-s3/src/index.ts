/**
 * A store of sets in a bucket of an S3-compatible provider.
 *
 * @module @geolens/backup-adapter-s3
 */
export type { UploadLimits } from './upload/limits.ts';
export { S3DiagnosticCheck, type S3DiagnosticCheckOptions } from './s3-diagnostic-check.ts';
export { S3Store, type S3StoreOptions } from './s3-store.ts';
export * from './settings.ts';
