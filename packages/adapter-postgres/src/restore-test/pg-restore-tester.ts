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

/** Where and how restores are tested. */
export interface PgRestoreTesterOptions extends RestoreTestRunOptions {
  /** Where a restore test may take place, in order of preference: the first that will do is taken. */
  readonly folders: readonly string[];
  /**
   * Whether a restore test takes place where the server would have the user of this process. Defaults to
   * `preferred`; with `required`, it is inconclusive.
   */
  readonly isolation?: 'preferred' | 'required' | undefined;
  /** What programs get as their environment: PATH at least. */
  readonly env: ProgramEnvironment;
}

/**
 * Tests restores in PostgreSQL servers that it makes for the purpose, in a folder that is removed afterwards.
 */
export class PgRestoreTester implements RestoreTester {
  private readonly options: PgRestoreTesterOptions;

  constructor(options: PgRestoreTesterOptions) {
    // What tells clients where another server is, and who they are there, is not for these.
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
