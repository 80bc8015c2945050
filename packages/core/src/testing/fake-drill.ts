import { throwIfAborted } from '../errors.ts';
import type { Drill, DrillGround, DrillNeeds, DrillOptions, Rehearsal } from '../ports/drill.ts';
import type { RestoreInput } from '../ports/dump-restorer.ts';
import type { RestoreArtifact } from '../ports/restore-artifact.ts';
import { rowsInFakeDump } from './fake-dump-producer.ts';
import { chunksOf, readAll } from './sources.ts';

/** A drill for dumps of a FakeDumpProducer. */
export class FakeDrill implements Drill {
  /** Why there is no place for a drill, when there is none. */
  unprovable: readonly string[] = [];
  /** What the next rehearsals answer, other than the rows of the dump. */
  answer: Partial<Extract<Rehearsal, { outcome: 'restored' }>> | Exclude<Rehearsal, { outcome: 'restored' }> =
    {};
  /** What was asked for, one for each drill. */
  readonly needs: DrillNeeds[] = [];
  /** Names of artifacts that were kept, and databases that were rehearsed. */
  readonly kept: string[] = [];
  rehearsals = 0;
  openGrounds = 0;
  /** What drills that died have left. */
  leftovers: string[] = [];

  open(
    needs: DrillNeeds,
    { signal, observer }: DrillOptions,
  ): Promise<DrillGround | { readonly unprovable: readonly string[] }> {
    this.needs.push(needs);
    if (this.unprovable.length > 0) return Promise.resolve({ unprovable: this.unprovable });
    this.openGrounds += 1;
    let open = true;
    return Promise.resolve({
      keep: (artifact: RestoreArtifact) => this.keep(artifact),
      rehearse: async (input: RestoreInput) => {
        throwIfAborted(signal);
        observer?.({ event: 'step', step: 'restore' });
        return this.rehearse(input);
      },
      [Symbol.asyncDispose]: () => {
        if (open) this.openGrounds -= 1;
        open = false;
        return Promise.resolve();
      },
    });
  }

  sweep(): Promise<readonly string[]> {
    return Promise.resolve(this.leftovers.splice(0));
  }

  private async keep(artifact: RestoreArtifact): Promise<RestoreArtifact> {
    const bytes = await readAll(artifact.open());
    this.kept.push(artifact.name);
    return {
      ...artifact,
      bytes: bytes.length,
      path: `/drill/${artifact.name}`,
      open: (range) => chunksOf(bytes.subarray(range?.start ?? 0, range?.end)),
    };
  }

  private async rehearse({ dump }: RestoreInput): Promise<Rehearsal> {
    this.rehearsals += 1;
    if (this.answer.outcome === 'failed' || this.answer.outcome === 'unprovable') return this.answer;
    const rows = await rowsInFakeDump(dump);
    return {
      outcome: 'restored',
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
