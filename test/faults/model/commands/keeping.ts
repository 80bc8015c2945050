import {
  acceptSet,
  formatTimestamp,
  keepNewest,
  prune,
  selectSets,
  TO_VERIFY,
  verify,
  type KeepCounts,
  type RunTimestamp,
} from '@geolens/backup-core';
import { FakeRestoreTester } from '@geolens/backup-core/testing';
import { never } from '../../../adapter-postgres/support/producers.ts';
import { idOf, isSound, KINDS, placeOf, stateOf, type Copy } from '../copies.ts';
import { exactly, type Demands } from '../demands.ts';
import type { Installation } from '../installation.ts';
import type { Model } from '../model.ts';
import { whatGoes } from '../rules/retention.ts';
import { Step } from './step.ts';

export class Prune extends Step {
  readonly #counts: KeepCounts;

  constructor(counts: KeepCounts) {
    super();
    this.#counts = counts;
  }

  toString(): string {
    return `Prune(${this.#counts.daily}, ${this.#counts.weekly})`;
  }

  protected async act(model: Model, real: Installation): Promise<Demands> {
    const { local: primary, clock, lock, database } = real;
    await prune({ primary, clock, lock, retention: keepNewest(this.#counts) }, { database, dryRun: false });
    const goes = whatGoes(model.copies, this.#counts, formatTimestamp(clock.now()));
    return new Map([...goes].map((id) => [id, exactly(undefined)]));
  }
}

/** Reads every set of both stores: what is damaged is called bad from then on, and what is not is not. */
export class VerifyAll extends Step {
  toString(): string {
    return 'VerifyAll';
  }

  protected async act(model: Model, real: Installation): Promise<Demands> {
    const { local, s3, clock, lock, database, archiver } = real;
    const { producer } = real.parts(model.counts);
    const { copies, errors } = await selectSets(
      [local, s3],
      { wanted: 'all', database, now: clock.now(), signal: never },
      TO_VERIFY,
    );
    const report = await verify(
      { producer, archiver, restoreTest: new FakeRestoreTester(), clock, lock },
      { copies, restore: false },
      { signal: never },
    );
    const problems = [...errors, ...report.errors].map(({ message }) => message);
    if (problems.length > 0) throw new Error(`not verified: ${problems.join('; ')}`);
    for (const {
      copy: { stored },
      outcome,
    } of report.copies) {
      const { store, set } = stored!;
      const id = idOf({ store: store.name as 'local', tier: set.tier, timestamp: set.timestamp });
      const copy = model.copies.get(id);
      if (copy?.files.manifest !== undefined && outcome !== (isDamaged(copy) ? 'failed' : 'passed'))
        throw new Error(`${id} was called ${outcome}`);
    }
    return new Map(
      [...model.copies]
        .filter(([, copy]) => copy.files.manifest !== undefined)
        .map(([id, copy]) => [id, exactly({ ...copy, bad: isDamaged(copy) })]),
    );
  }
}

function isDamaged(copy: Copy): boolean {
  return !isSound(copy) || KINDS.some((kind) => copy.files[kind] === undefined);
}

/** Somebody accepts the newest set that is shown as suspicious. */
export class Accept extends Step {
  override check(model: Readonly<Model>): boolean {
    return newestSuspicious(model) !== undefined;
  }

  toString(): string {
    return 'Accept';
  }

  protected async act(model: Model, real: Installation): Promise<Demands> {
    const timestamp = newestSuspicious(model)! as RunTimestamp;
    const { local, s3, clock, lock, database } = real;
    const { errors } = await acceptSet({ stores: [local, s3], clock, lock }, { database, timestamp });
    if (errors[0] !== undefined) throw errors[0];
    const due = [...model.copies].filter(
      ([id, copy]) => placeOf(id).timestamp === timestamp && copy.suspected && stateOf(copy) !== 'partial',
    );
    return new Map(due.map(([id, copy]) => [id, exactly({ ...copy, suspected: false, accepted: true })]));
  }
}

function newestSuspicious({ copies }: Readonly<Model>): string | undefined {
  return [...copies]
    .filter(([, copy]) => stateOf(copy) === 'suspicious')
    .map(([id]) => placeOf(id).timestamp)
    .sort()
    .at(-1);
}
