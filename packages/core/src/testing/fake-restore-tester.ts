import { throwIfAborted } from '../base/errors.ts';
import type {
  RestoreTester,
  RestoreTestEnvironment,
  RestoreTestNeeds,
  RestoreTestOptions,
  RestoreTestResult,
} from '../ports/restore-tester.ts';
import type { RestoreInput } from '../ports/dump-restorer.ts';
import type { ReadableArtifact } from '../ports/set-copy.ts';
import { rowsInFakeDump } from './fake-dump-producer.ts';
import { chunksOf, readAll } from './sources.ts';

/** A restore tester for dumps of a FakeDumpProducer. */
export class FakeRestoreTester implements RestoreTester {
  /** Why no environment is available. Empty if one is. */
  inconclusive: readonly string[] = [];
  /** Overrides the result of the next restore tests. */
  answer:
    | Partial<Extract<RestoreTestResult, { outcome: 'passed' }>>
    | Exclude<RestoreTestResult, { outcome: 'passed' }> = {};
  /** Needs of each restore test so far. */
  readonly needs: RestoreTestNeeds[] = [];
  /** Names of kept artifacts and tested databases. */
  readonly kept: string[] = [];
  testResults = 0;
  openEnvironments = 0;
  /** Orphans of dead restore tests. */
  orphans: string[] = [];

  open(
    needs: RestoreTestNeeds,
    { signal, observer }: RestoreTestOptions,
  ): Promise<RestoreTestEnvironment | { readonly inconclusive: readonly string[] }> {
    this.needs.push(needs);
    if (this.inconclusive.length > 0) return Promise.resolve({ inconclusive: this.inconclusive });
    this.openEnvironments += 1;
    let open = true;
    return Promise.resolve({
      keep: (artifact: ReadableArtifact) => this.keep(artifact),
      runRestoreTest: async (input: RestoreInput) => {
        throwIfAborted(signal);
        observer?.({ event: 'step', step: 'restore' });
        return this.runRestoreTest(input);
      },
      [Symbol.asyncDispose]: () => {
        if (open) this.openEnvironments -= 1;
        open = false;
        return Promise.resolve();
      },
    });
  }

  cleanUp(): Promise<readonly string[]> {
    return Promise.resolve(this.orphans.splice(0));
  }

  private async keep(artifact: ReadableArtifact): Promise<ReadableArtifact> {
    const bytes = await readAll(artifact.open());
    this.kept.push(artifact.name);
    return {
      ...artifact,
      bytes: bytes.length,
      path: `/drill/${artifact.name}`,
      open: (range) => chunksOf(bytes.subarray(range?.start ?? 0, range?.end)),
    };
  }

  private async runRestoreTest({ dump }: RestoreInput): Promise<RestoreTestResult> {
    this.testResults += 1;
    if (this.answer.outcome === 'failed' || this.answer.outcome === 'inconclusive') return this.answer;
    const rows = await rowsInFakeDump(dump);
    return {
      outcome: 'passed',
      rows,
      extensionRows: [],
      problems: [],
      facts: [],
      warnings: [],
      unanswered: [],
      files: undefined,
      serverVersion: '17.2',
      ...this.answer,
    };
  }
}
