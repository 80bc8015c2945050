import type pg from 'pg';
import {
  isBackupError,
  throwIfAborted,
  type RestoreTestResult,
  type RestoreInput,
  type RestorerEvent,
} from '@geolens/backup-core';
import type { ProgramEnvironment } from '@geolens/backup-system';
import type { ConnectionSettings } from '../connection/connection-settings.ts';
import { majorOf } from '../connection/queries.ts';
import { withClient } from '../connection/session.ts';
import {
  AVAILABLE_EXTENSIONS,
  compareExtensions,
  ONE_DATABASE,
  type AvailableExtension,
} from '../restore/extensions.ts';
import type { Prerequisites } from '../restore/prepare.ts';
import { restoreError } from '../restore/server.ts';
import { extensionsOf, type Toc, type TocEntry } from '../restore/toc/toc.ts';
import type { RestoreTestFolder } from './restore-test-folder.ts';
import type { FilesQuery } from './files-query.ts';
import { inspect } from './inspect.ts';
import type { Assertion, AssertionsFile } from './read-assertions.ts';
import { asideName } from '../restore/aside-database.ts';
import {
  readByNewest,
  librariesFor,
  serverFor,
  type Installed,
  type ServerPrograms,
} from './server-programs.ts';
import { nameFor, restoreAs } from './restore-as.ts';
import { TemporaryServer } from './temporary-server.ts';
import type { DumpNeeds } from './temporary-server-settings.ts';
import { verdictOnObjects, hintForLack, whyInconclusive } from './why-inconclusive.ts';

/** How to test restores. */
export interface RestoreTestRunOptions {
  /** Folder of the server’s programs. Defaults to the best installed match. */
  readonly binDir?: string | undefined;
  /** Objects that must exist before the dump, besides those that the test creates itself. */
  readonly prerequisites?: Partial<Prerequisites> | undefined;
  /** Defaults to none: files are not checked. */
  readonly filesQuery?: FilesQuery | undefined;
  /** Queries that must return no row, read when a restore test starts. Defaults to none. */
  readonly assertions?: AssertionsFile | undefined;
  /** Number of parallel restore sessions. Defaults to the number of processors. */
  readonly jobs?: number | undefined;
}

export interface RestoreTestRunParts extends RestoreTestRunOptions {
  readonly env: ProgramEnvironment;
  readonly installed: Installed;
  readonly folder: RestoreTestFolder;
  readonly isolated: boolean;
  /** Queries of the assertions file. */
  readonly queries: readonly Assertion[];
  readonly signal: AbortSignal;
  readonly observer?: ((event: RestorerEvent) => void) | undefined;
}

/** A server prepared for a dump. */
interface Prepared {
  readonly server: TemporaryServer;
  /** Name of the database that receives the dump. */
  readonly aside: string;
  /** Libraries that the server preloads. */
  readonly libraries: readonly string[];
}

/** Note of a restore without problems. */
const USUAL = 'owners and grants as in the backup';

/** Matches errors of a lost connection: a client notices the end of the server before this process does. */
const LOST_CONNECTION = /server closed the connection|Connection terminated/;

/** Error codes whose cause is the dump. */
const OF_THE_DUMP = [
  'RESTORE_FAILED',
  'ARTIFACT_UNREADABLE',
  'DATABASE_FORBIDDEN',
  'RESTORE_REFUSED',
] as const;

/** One dump restored into one temporary server. */
export class RestoreTestRun {
  private readonly options: RestoreTestRunParts;

  constructor(options: RestoreTestRunParts) {
    this.options = options;
  }

  async runRestoreTest(input: RestoreInput): Promise<RestoreTestResult> {
    const { installed, env, signal } = this.options;
    let entries: readonly TocEntry[] = [];
    try {
      const toc = await readByNewest(input.dump, installed.clients, env, signal);
      if ('lacking' in toc) return inconclusive(toc.lacking);
      entries = toc.entries;
      const programs = serverFor(
        { server: majorOf(toc.serverVersion), client: majorOf(toc.clientVersion) },
        installed,
      );
      if ('lacking' in programs) return inconclusive(programs.lacking);
      const aside = asideName(nameFor(input.manifest?.database), new Date());
      const libraries = await librariesFor(
        extensionsOf(toc),
        input.manifest?.preloadedLibraries ?? [],
        programs,
      );
      const oneDatabase = Object.fromEntries(
        libraries.flatMap((name) => {
          const setting = ONE_DATABASE[name];
          return setting === undefined ? [] : [[setting, aside] as const];
        }),
      );
      const needs = { entries: toc.entries.length, libraries, oneDatabase };
      return await this.withServer(programs, needs, (server) =>
        this.restore(input, toc, programs, { server, aside, libraries }),
      );
    } catch (error) {
      return this.verdict(error, entries);
    }
  }

  private async withServer(
    programs: ServerPrograms,
    needs: DumpNeeds,
    work: (server: TemporaryServer) => Promise<RestoreTestResult>,
  ): Promise<RestoreTestResult> {
    this.step('server');
    const server = await TemporaryServer.start({ ...this.options, programs, needs });
    try {
      const testResult = await work(server);
      throwIfAborted(this.options.signal);
      // If the server has ended, the last query may have failed because of that.
      return server.ended ? this.endedEarly(server) : testResult;
    } catch (error) {
      throwIfAborted(this.options.signal);
      const isLost = error instanceof Error && LOST_CONNECTION.test(error.message);
      if (!server.ended && !(isLost && (await server.endsSoon()))) throw error;
      return this.endedEarly(server);
    } finally {
      await server.stop();
    }
  }

  private endedEarly(server: TemporaryServer): RestoreTestResult {
    const last = server.lastState();
    const hint = hintForLack(last ?? '') ?? 'Look for a kill or a want of memory in the log of the system';
    return inconclusive(
      `the temporary server ended in the middle of the restore${last === undefined ? '' : ` (its log: ${last})`}. ${hint}`,
    );
  }

  private async restore(
    input: RestoreInput,
    toc: Toc,
    programs: ServerPrograms,
    { server: { connection }, aside, libraries }: Prepared,
  ): Promise<RestoreTestResult> {
    const { prerequisites, filesQuery, queries, signal } = this.options;
    const assertions = this.options.assertions && { ...this.options.assertions, queries };
    const needed = [...extensionsOf(toc), ...(prerequisites?.extensions ?? [])];
    const { rows: available } = await this.within(connection, (client) =>
      client.query<AvailableExtension>(AVAILABLE_EXTENSIONS),
    );
    const { lacking, older } = compareExtensions(needed, input.manifest?.extensions ?? [], available);
    const reasons = [
      ...lacking.map(
        (name) =>
          `the extension ${name} is not installed for PostgreSQL ${programs.major} on this machine. Install its package`,
      ),
      ...needed.flatMap((name) => {
        const setting = ONE_DATABASE[name];
        return setting === undefined || libraries.includes(name)
          ? []
          : [
              `the extension ${name} can only be made in the database that ${setting} names, not in a temporary one`,
            ];
      }),
    ];
    if (reasons.length > 0) return { outcome: 'inconclusive', reasons };
    const aged = older.map(
      ({ name, before, now }) =>
        `extension ${name}: the backup was made with ${before}, this machine has ${now}`,
    );
    const database = nameFor(input.manifest?.database);
    const { rows, extensionRows, notes, incomplete } = await restoreAs(database, input, connection, {
      ...this.options,
      asideName: aside,
    });
    this.step('compare');
    const settings = { ...connection, database };
    const seen = await this.within(settings, (superuser) =>
      inspect({ superuser, settings, signal }, toc, { filesQuery, assertions }),
    );
    throwIfAborted(signal);
    return {
      outcome: 'passed',
      rows,
      extensionRows,
      problems: seen.problems,
      missing: seen.missing,
      unanswered: seen.unanswered,
      facts: [...seen.facts, ...notes.filter((note) => note.startsWith(USUAL))],
      warnings: [
        ...aged,
        ...incomplete,
        ...notes.filter((note) => !note.startsWith(USUAL)),
        ...seen.warnings,
      ],
      files: seen.files,
      assertionsHeld: seen.assertionsHeld,
      serverVersion: programs.version,
      isolated: this.options.isolated,
    };
  }

  private async within<T>(settings: ConnectionSettings, work: (client: pg.Client) => Promise<T>): Promise<T> {
    try {
      return await withClient(settings, this.options.signal, work);
    } catch (error) {
      throw restoreError(error, 'inspecting the restored database', settings);
    }
  }

  /** Returns a result if the dump or this machine caused the error; throws other errors. */
  private verdict(error: unknown, entries: readonly TocEntry[]): RestoreTestResult {
    throwIfAborted(this.options.signal);
    if (isBackupError(error) && error.details.reason === 'objects-not-restored')
      return verdictOnObjects(error.details.problems ?? [], entries);
    const reason = whyInconclusive(error);
    if (reason !== undefined) return inconclusive(reason);
    if (isBackupError(error, ...OF_THE_DUMP)) return { outcome: 'failed', problems: [error.message] };
    throw error;
  }

  private step(step: string): void {
    this.options.observer?.({ event: 'step', step });
  }
}

function inconclusive(reason: string): RestoreTestResult {
  return { outcome: 'inconclusive', reasons: [reason] };
}
