/**
 * Implements the ports of core for PostgreSQL: dumps, restores, and restore tests on a temporary server.
 *
 * @module @geolens/backup-adapter-postgres
 */
export * from './connection/connection-settings.ts';
export { withLocalReport, type ReportLocally } from './connection/local-report.ts';
export { connectionFromUrl } from './connection/connection-url.ts';
export { PgServerProbe } from './connection/pg-server-probe.ts';
export { PgDumpProducer, type PgDumpProducerOptions } from './dump/pg-dump-producer.ts';
export { PgDiagnosticCheck, type PgDiagnosticCheckOptions } from './pg-diagnostic-check.ts';
export { PgRestoreTester, type PgRestoreTesterOptions } from './restore-test/pg-restore-tester.ts';
export type { FilesQuery } from './restore-test/files-query.ts';
export { readAssertions, type Assertion, type AssertionsFile } from './restore-test/read-assertions.ts';
export type { RestoreTestRunOptions } from './restore-test/restore-test-run.ts';
export { PgDumpRestorer } from './restore/pg-dump-restorer.ts';
export type { PgDumpRestorerOptions } from './restore/session-parts.ts';
