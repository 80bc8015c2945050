import {
  abortedBy,
  throwIfAborted,
  type Drill,
  type DrillGround,
  type DrillNeeds,
  type DrillOptions,
} from '@geolens/backup-core';
import type { ProgramEnvironment } from '../../programs/program.ts';
import { choosePlace } from './drill-place.ts';
import type { RehearsalOptions } from './rehearsing.ts';
import { ScratchGround } from './scratch-ground.ts';
import { findServerPrograms } from './server-programs.ts';
import { serverUser } from './server-user.ts';
import { sweepDrills } from './sweep-drills.ts';

/** Where and how restores are rehearsed. */
export interface ScratchDrillOptions extends RehearsalOptions {
  /** Where a drill may take place, in order of preference: the first that will do is taken. */
  readonly folders: readonly string[];
  /** What programs get as their environment: PATH at least. */
  readonly env: ProgramEnvironment;
}

/**
 * Rehearses restores in PostgreSQL servers that it makes for the purpose, in a folder that is removed
 * afterwards.
 */
export class ScratchDrill implements Drill {
  private readonly options: ScratchDrillOptions;

  constructor(options: ScratchDrillOptions) {
    // What tells clients where another server is, and who they are there, is not for these.
    const env = Object.fromEntries(Object.entries(options.env).filter(([name]) => !name.startsWith('PG')));
    this.options = { ...options, env };
  }

  async open(
    needs: DrillNeeds,
    { signal, observer }: DrillOptions,
  ): Promise<DrillGround | { readonly unprovable: readonly string[] }> {
    throwIfAborted(signal);
    const installed = await findServerPrograms(this.options);
    if (installed.servers.length === 0)
      return {
        unprovable: [
          `no PostgreSQL server (initdb, postgres) is installed ${this.options.binDir === undefined ? 'on this machine' : `in ${this.options.binDir}`}. Install the server package`,
        ],
      };
    const user = await serverUser();
    if (user !== undefined && 'lacking' in user) return { unprovable: [user.lacking] };
    const folder = await choosePlace(this.options.folders, needs, { env: this.options.env, user, signal });
    if ('unprovable' in folder) return folder;
    const stop = new AbortController();
    const both = AbortSignal.any([signal, folder.lost]);
    const end = (): void => {
      stop.abort(abortedBy(both));
    };
    if (both.aborted) end();
    else both.addEventListener('abort', end, { once: true });
    const ground = new ScratchGround({ ...this.options, installed, folder, user, stop, observer });
    if (!stop.signal.aborted) return ground;
    await ground[Symbol.asyncDispose]();
    throw abortedBy(stop.signal);
  }

  sweep({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<readonly string[]> {
    return sweepDrills(this.options.folders, this.options.env, signal);
  }
}
