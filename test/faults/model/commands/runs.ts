import { BackupError } from '@geolens/backup-core';
import { FaultyStore, type StoreCall } from '@geolens/backup-core/testing';
import type { Fault } from '../../../support/faults.ts';
import type { Demands } from '../demands.ts';
import type { Installation } from '../installation.ts';
import type { Model } from '../model.ts';
import { backUp } from './backup.ts';
import { Step } from './step.ts';

export class Run extends Step {
  toString(): string {
    return 'Run';
  }

  protected act(model: Model, real: Installation): Promise<Demands> {
    return backUp(model, real);
  }
}

export class RunWhileServerIsAway extends Step {
  toString(): string {
    return 'RunWhileServerIsAway';
  }

  protected act(model: Model, real: Installation): Promise<Demands> {
    const { producer } = real.parts(model.counts, false);
    return backUp(model, real, { hopeless: true, parts: { producer } });
  }
}

const FORBIDDEN: Fault = { kind: 'status', status: 403 };

/** The connection to the bucket breaks at every request, or its key is refused from some request on. */
export class RunWhileBucketIsAway extends Step {
  readonly #from: number;

  /** @param from the request from which on the key is refused; 0 for a bucket that cannot be reached */
  constructor(from: number) {
    super();
    this.#from = from;
  }

  toString(): string {
    return `RunWhileBucketIsAway(${this.#from})`;
  }

  protected async act(model: Model, real: Installation): Promise<Demands> {
    const { proxy } = real.lane;
    let requests = 0;
    const from = this.#from;
    proxy.fault({ when: () => (requests += 1) >= from, do: from === 0 ? { kind: 'reset' } : FORBIDDEN });
    try {
      return await backUp(model, real, { bucket: from === 0 ? 'away' : 'shaky' });
    } finally {
      proxy.heal();
    }
  }
}

/** One call of the volume's store fails. */
export class RunWithDiskFault extends Step {
  readonly #at: number;

  constructor(at: number) {
    super();
    this.#at = at;
  }

  toString(): string {
    return `RunWithDiskFault(${this.#at})`;
  }

  protected act(model: Model, real: Installation): Promise<Demands> {
    let calls = 0;
    let struck: StoreCall | undefined;
    const primary = new FaultyStore(real.local, (call) => {
      if ((calls += 1) !== this.#at) return undefined;
      struck = call;
      return new BackupError('STORE_FAILED', `${call.operation} ${call.key ?? ''} fails, as it was told to`);
    });
    return backUp(model, real, {
      anywhere: true,
      parts: { primary },
      misread: () => struck?.operation === 'read' && /\/(manifest|state)-/.test(struck.key ?? ''),
    });
  }
}

/** It is asked to stop when it tells something for the Nth time. */
export class RunStopped extends Step {
  readonly #at: number;

  constructor(at: number) {
    super();
    this.#at = at;
  }

  toString(): string {
    return `RunStopped(${this.#at})`;
  }

  protected act(model: Model, real: Installation): Promise<Demands> {
    let events = 0;
    const stop = new AbortController();
    const observer = (): void => {
      if ((events += 1) === this.#at) stop.abort();
    };
    return backUp(model, real, { anywhere: true, signal: stop.signal, observer });
  }
}
