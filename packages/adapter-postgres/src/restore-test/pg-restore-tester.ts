import {
  abortedBy,
  errorText,
  isBackupError,
  throwIfAborted,
  type RestoreTester,
  type RestoreTestEnvironment,
  type RestoreTestNeeds,
  type RestoreTestOptions,
} from '@geolens/backup-core';
import type { ProgramEnvironment } from '@geolens/backup-system';
import { withoutConnection } from '../connection/program-connection.ts';
import { choosePlace } from './restore-test-place.ts';
import type { RestoreTestRunOptions } from './restore-test-run.ts';
import { PgRestoreTestEnvironment } from './pg-restore-test-environment.ts';
import { readAssertions, type Assertion } from './read-assertions.ts';
import { findServerPrograms } from './server-programs.ts';
import { Cage } from './cage.ts';
import { cleanUpRestoreTests } from './clean-up-restore-tests.ts';

/** Where and how to test restores. */
export interface PgRestoreTesterOptions extends RestoreTestRunOptions {
  /** Folders for restore tests, in order of preference: the first suitable one is used. */
  readonly folders: readonly string[];
  /**
   * Whether to run a restore test if the server would run as the user of this process. Defaults to
   * `preferred`, which runs it; with `required`, the test is inconclusive.
   */
  readonly isolation?: 'preferred' | 'required' | undefined;
  /** Environment of the programs; it must have PATH. */
  readonly env: ProgramEnvironment;
}

/** Tests restores in temporary PostgreSQL servers, in a folder that is removed afterwards. */
export class PgRestoreTester implements RestoreTester {
  private readonly options: PgRestoreTesterOptions;

  constructor(options: PgRestoreTesterOptions) {
    // Temporary servers must not get the connection settings of another server.
    this.options = { ...options, env: withoutConnection(options.env) };
  }

  async open(
    needs: RestoreTestNeeds,
    { signal, observer, whenHeld }: RestoreTestOptions,
  ): Promise<RestoreTestEnvironment | { readonly inconclusive: readonly string[] }> {
    throwIfAborted(signal);
    const { env, isolation, assertions } = this.options;
    let queries: readonly Assertion[] = [];
    try {
      if (assertions !== undefined) queries = await readAssertions(assertions);
    } catch (error) {
      if (isBackupError(error, 'CONFIG_INVALID')) return { inconclusive: [errorText(error)] };
      throw error;
    }
    const installed = await findServerPrograms(this.options);
    if (installed.servers.length === 0)
      return {
        inconclusive: [
          `no PostgreSQL server (initdb, postgres) is installed ${this.options.binDir === undefined ? 'on this machine' : `in ${this.options.binDir}`}. Install the server package`,
        ],
      };
    const isRoot = process.geteuid?.() === 0;
    if (!isRoot && isolation === 'required')
      return {
        inconclusive: [
          'functions of the dump would run with the rights of this user, and an isolated restore test is required. Run it as root, or in the container',
        ],
      };
    const cage = isRoot ? await Cage.claim({ env, signal, whenHeld }) : undefined;
    if (cage !== undefined && 'lacking' in cage) return { inconclusive: [cage.lacking] };
    let environment: PgRestoreTestEnvironment | undefined;
    try {
      const folder = await choosePlace(this.options.folders, needs, { env, cage, signal });
      if ('inconclusive' in folder) return folder;
      const stop = new AbortController();
      const both = AbortSignal.any([signal, folder.lost]);
      const end = (): void => {
        stop.abort(abortedBy(both));
      };
      if (both.aborted) end();
      else both.addEventListener('abort', end, { once: true });
      environment = new PgRestoreTestEnvironment({
        ...this.options,
        installed,
        folder,
        cage,
        queries,
        stop,
        observer,
      });
      if (!stop.signal.aborted) return environment;
      await environment[Symbol.asyncDispose]();
      throw abortedBy(stop.signal);
    } finally {
      if (environment === undefined) await cage?.release();
    }
  }

  cleanUp({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<readonly string[]> {
    return cleanUpRestoreTests(this.options.folders, this.options.env, signal);
  }
}
