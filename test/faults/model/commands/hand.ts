import { formatArtifactName, type RunTimestamp } from '@geolens/backup-core';
import { placeOf, type Copy, type SetKind, type StoreName } from '../copies.ts';
import type { Demand, Demands } from '../demands.ts';
import type { Installation } from '../installation.ts';
import type { Model } from '../model.ts';
import { Step } from './step.ts';

/** Which artifact: of all that a store has, by their order. */
export interface Target {
  readonly id: string;
  readonly copy: Copy;
  readonly kind: SetKind;
  readonly name: string;
  /** `daily/…` */
  readonly path: string;
}

function targets(
  model: Readonly<Model>,
  store: StoreName,
  database: string,
  wanted: (kind: SetKind) => boolean,
): readonly Target[] {
  const copies = [...model.copies]
    .filter(([id]) => placeOf(id).store === store)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return copies.flatMap(([id, copy]) =>
    (Object.keys(copy.files) as SetKind[])
      .sort()
      .filter(wanted)
      .map((kind) => {
        const { tier, timestamp } = placeOf(id);
        const name = formatArtifactName({ kind, database, timestamp: timestamp as RunTimestamp });
        return { id, copy, kind, name, path: `${tier}/${name}` };
      }),
  );
}

/** Something is done to one artifact by hand. */
export abstract class Hand extends Step {
  protected readonly which: number;
  protected readonly store: StoreName;

  /** @param which a number of any size */
  constructor(which: number, store: StoreName = 'local') {
    super();
    this.which = which;
    this.store = store;
  }

  override check({ copies }: Readonly<Model>): boolean {
    return [...copies.keys()].some((id) => placeOf(id).store === this.store);
  }

  protected abstract readonly verb: string;
  protected readonly subjects: (kind: SetKind) => boolean = () => true;

  toString(): string {
    return `${this.verb}(${this.which})`;
  }

  protected act(model: Model, real: Installation): Promise<Demands> {
    const found = targets(model, this.store, real.database, this.subjects);
    const target = found[this.which % found.length];
    return target === undefined
      ? Promise.resolve(new Map<string, Demand>())
      : this.touch(target, model, real);
  }

  protected abstract touch(target: Target, model: Model, real: Installation): Promise<Demands>;
}
