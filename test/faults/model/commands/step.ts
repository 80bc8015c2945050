import type { AsyncCommand } from 'fast-check';
import type { Demands } from '../demands.ts';
import type { Installation } from '../installation.ts';
import type { Model } from '../model.ts';
import { settle } from '../settle.ts';

/** A command of the model: it does something to the installation, and says what has to be true then. */
export abstract class Step implements AsyncCommand<Model, Installation> {
  check(model: Readonly<Model>): boolean {
    return model.now > 0;
  }

  async run(model: Model, real: Installation): Promise<void> {
    model.steps += 1;
    real.clock.set(model.now);
    try {
      const demands = await this.act(model, real);
      model.now = real.clock.now().getTime();
      await settle(model, real, demands);
    } catch (error) {
      throw new Error(`${this.toString()}, command ${model.steps}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  abstract toString(): string;

  /** Of copies that the answer does not name, it is demanded that they are as before. */
  protected abstract act(model: Model, real: Installation): Promise<Demands> | Demands;
}
