import type { Demands } from '../demands.ts';
import type { Installation } from '../installation.ts';
import { fill } from '../lane.ts';
import type { Model } from '../model.ts';
import { Step } from './step.ts';

const NOTHING: Demands = new Map();
const SECOND_MS = 1000;
const DAY_MS = 86_400_000;

export class DaysPass extends Step {
  readonly #days: number;

  constructor(days: number) {
    super();
    this.#days = days;
  }

  toString(): string {
    return `DaysPass(${this.#days})`;
  }

  protected act(model: Model, { clock }: Installation): Demands {
    clock.set(model.now + this.#days * DAY_MS);
    return NOTHING;
  }
}

export class ClockGoesBack extends Step {
  readonly #seconds: number;

  constructor(seconds: number) {
    super();
    this.#seconds = seconds;
  }

  toString(): string {
    return `ClockGoesBack(${this.#seconds} s)`;
  }

  protected act(model: Model, { clock }: Installation): Demands {
    clock.set(model.now - this.#seconds * SECOND_MS);
    return NOTHING;
  }
}

const [LEAST, MOST] = [10, 10_000];

/** To a tenth of its rows, or to ten times as many. */
export class TableBecomes extends Step {
  readonly #how: 'smaller' | 'larger';

  constructor(how: 'smaller' | 'larger') {
    super();
    this.#how = how;
  }

  override check({ rows }: Readonly<Model>): boolean {
    return this.#how === 'smaller' ? rows > LEAST : rows < MOST;
  }

  toString(): string {
    return this.#how === 'smaller' ? 'TableShrinks' : 'TableGrows';
  }

  protected async act(model: Model, { lane }: Installation): Promise<Demands> {
    model.rows = this.#how === 'smaller' ? model.rows / 10 : model.rows * 10;
    await fill(lane, model.rows);
    return NOTHING;
  }
}
