import { join } from 'node:path';
import {
  abortedBy,
  BackupError,
  throwIfAborted,
  type RestoreTestEnvironment,
  type RestoreTestResult,
  type ReadableArtifact,
  type RestoreInput,
  type RestorerEvent,
} from '@geolens/backup-core';
import { untilAborted } from '@geolens/backup-core/internal';
import { type ProgramEnvironment, readFile, storeError, writeDurably } from '@geolens/backup-system';
import type { Cage } from './cage.ts';
import type { RestoreTestFolder } from './restore-test-folder.ts';
import type { Assertion } from './read-assertions.ts';
import { RestoreTestRun, type RestoreTestRunOptions } from './restore-test-run.ts';
import type { Installed } from './server-programs.ts';

export interface PgRestoreTestEnvironmentOptions extends RestoreTestRunOptions {
  readonly env: ProgramEnvironment;
  readonly installed: Installed;
  readonly folder: RestoreTestFolder;
  readonly cage: Cage | undefined;
  readonly queries: readonly Assertion[];
  /** Aborts all work in the environment. */
  readonly stop: AbortController;
  readonly observer?: ((event: RestorerEvent) => void) | undefined;
}

/** The folder of one restore test. */
export class PgRestoreTestEnvironment implements RestoreTestEnvironment {
  private readonly options: PgRestoreTestEnvironmentOptions;
  private readonly working = new Set<Promise<unknown>>();
  private kept = 0;
  private disposed: Promise<void> | undefined;

  constructor(options: PgRestoreTestEnvironmentOptions) {
    this.options = options;
  }

  get isolated(): boolean {
    return this.options.cage !== undefined;
  }

  keep(artifact: ReadableArtifact): Promise<ReadableArtifact> {
    return this.work(() => this.keepIt(artifact));
  }

  runRestoreTest(input: RestoreInput): Promise<RestoreTestResult> {
    return this.work(() =>
      new RestoreTestRun({ ...this.options, isolated: this.isolated, signal: this.signal }).runRestoreTest(
        input,
      ),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed ??= this.dispose();
    return this.disposed;
  }

  private get signal(): AbortSignal {
    return this.options.stop.signal;
  }

  private async work<T>(doing: () => Promise<T>): Promise<T> {
    throwIfAborted(this.signal);
    const work = doing();
    this.working.add(work);
    try {
      return await work;
    } catch (error) {
      throw this.signal.aborted ? abortedBy(this.signal) : error;
    } finally {
      this.working.delete(work);
    }
  }

  private async keepIt(artifact: ReadableArtifact): Promise<ReadableArtifact> {
    const { folder } = this.options.folder.paths;
    const path = join(folder, `kept-${(this.kept += 1)}`);
    const { bytes } = await writeDurably(path, chunksOf(artifact, this.signal), this.signal).catch(
      (error: unknown) => {
        throw storeError(error, `bringing ${artifact.name} there`, { path: folder });
      },
    );
    return { ...artifact, bytes, path, open: (range) => readFile(path, range) };
  }

  private async dispose(): Promise<void> {
    this.options.stop.abort(new BackupError('ABORTED', 'the restore test is over'));
    await Promise.allSettled([...this.working]);
    await this.options.folder.remove();
    await this.options.cage?.release();
  }
}

/** Reads the artifact until the signal fires, also while it waits for a chunk that may never arrive. */
async function* chunksOf(artifact: ReadableArtifact, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const chunks = artifact.open()[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await untilAborted(chunks.next(), signal);
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    const left = chunks.return?.().catch(() => undefined);
    if (!signal.aborted) await left; // a hanging reader would never answer
  }
}
