/**
 * Test support: a manual clock, and stores and databases in memory. Also the contracts of the adapters, as
 * lists of cases for any test runner. Its types require those of Node.
 *
 * @module @geolens/backup-core/testing
 */
export * from './contract-case.ts';
export * from './dump-producer-contract.ts';
export * from './fake-archiver.ts';
export * from './fake-cipher.ts';
export * from './fake-restore-tester.ts';
export * from './fake-dump-producer.ts';
export * from './fake-dump-restorer.ts';
export * from './fake-staging-restorer.ts';
export * from './faulty-store.ts';
export * from './manual-clock.ts';
export * from './memory-journal.ts';
export * from './memory-store.ts';
export * from './primary-store-contract.ts';
export * from './staged-upload-store.ts';
export * from './sources.ts';
export { storeContract } from './store-contract.ts';
