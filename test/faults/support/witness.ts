import { TIERS, type Tier } from '@geolens/backup-core';
import { tracesIn } from '../../cli/support/secrets.ts';
import type { Operator } from '../../support/operator.ts';
import type { CliEnd } from '../../support/cli.ts';
import type { Place } from './place.ts';
import { flawsOf } from './proof.ts';

/** A set as `list --json` shows it. */
export interface ShownSet {
  readonly timestamp: string;
  readonly tier: Tier;
  readonly database: string;
  readonly state: string;
  readonly copies: readonly { readonly store: string; readonly state: string }[];
}

/** What there was at a moment. */
export interface Sight {
  readonly sets: readonly ShownSet[];
}

export interface Kept {
  /** Sets of each tier that retention keeps on the volume. */
  readonly keep: Readonly<Record<Tier, number>>;
}

/** Looks at an operator's sets before and after something, and says what should not be so. */
export class Witness {
  readonly #operator: Operator;
  readonly #places: readonly Place[];

  constructor(operator: Operator, places: readonly Place[]) {
    this.#operator = operator;
    this.#places = places;
  }

  /**
   * What `list` shows, each complete copy of it proven by other means.
   * @param tampered whether another process removes or damages artifacts meanwhile
   */
  async inspect({ tampered = false }: { readonly tampered?: boolean } = {}): Promise<Sight> {
    const end = await this.#operator.backup(['list', '--json']);
    this.#listen(end);
    if (end.code !== 0) throw new Error(`list ended with ${end.code ?? end.signal ?? '?'}: ${end.stderr}`);
    const sets = JSON.parse(end.stdout) as ShownSet[];
    const flaws: string[] = [];
    for (const { store, inspect } of this.#places) {
      const shelf = await inspect();
      for (const { tier, timestamp, copies } of sets) {
        const copy = copies.find((one) => one.store === store);
        if (copy === undefined || (tampered && copy.state !== 'complete')) continue;
        if (copy.state === 'complete')
          flaws.push(
            ...(await flawsOf(shelf, tier, timestamp, this.#operator.database.binDir)).map(
              (flaw) => `in ${store}: ${flaw}`,
            ),
          );
        else if (
          copy.state === 'partial' &&
          (await shelf.artifact(tier, `manifest-${timestamp}.json`)) !== undefined
        )
          flaws.push(`${tier} ${timestamp} in ${store} has a manifest, and is ${copy.state}`);
      }
    }
    if (flaws.length > 0) throw new Error(`not what it is shown as: ${flaws.join('; ')}`);
    return { sets };
  }

  /**
   * Nothing good is lost: the newest complete sets of before are there, and retention left what it has to.
   */
  nothingLost(before: Sight, after: Sight, { keep }: Kept): void {
    this.newestIsThere(before, after, { keep });
    for (const { store, tier } of this.#shelves()) {
      const [had, has] = [completeIn(before, store, tier), completeIn(after, store, tier)];
      if (has.length < Math.min(had.length, keep[tier]))
        throw new Error(
          `of ${had.length} complete ${tier} sets in ${store} ${has.length} are left: ${has.join(', ')}`,
        );
    }
  }

  /**
   * The newest complete set of before is there, in every place, unless retention, which knows the volume
   * alone, has counted enough that are newer.
   */
  newestIsThere(before: Sight, after: Sight, { keep }: Kept): void {
    for (const { store, tier } of this.#shelves()) {
      const newest = completeIn(before, store, tier)[0];
      const has = completeIn(after, store, tier);
      const pushedOut =
        store === 'local' && has.filter((timestamp) => timestamp > newest!).length >= keep[tier];
      if (newest !== undefined && !has.includes(newest) && !pushedOut)
        throw new Error(`${tier} ${newest}, the newest complete set in ${store}, is lost`);
    }
  }

  #shelves(): readonly { readonly store: string; readonly tier: Tier }[] {
    return this.#places.flatMap(({ store }) => TIERS.map((tier) => ({ store, tier })));
  }

  /** What a run says of itself is what is on the volume, and nothing it says is a secret. */
  agrees(end: CliEnd, after: Sight): void {
    this.#listen(end);
    if (end.code === null || end.stdout === '') return;
    const report = JSON.parse(end.stdout) as {
      outcome?: string;
      timestamp?: string;
      replication?: { store: string; errors: unknown[] }[];
    };
    const codes: Readonly<Record<string, readonly number[]>> = {
      succeeded: [0],
      'with-errors': [3],
      failed: [1, 2, 4, 5],
    };
    // A run that has no report has an error.
    if ('error' in report && report.outcome === undefined && end.code !== 0) return;
    if (codes[report.outcome ?? '']?.includes(end.code) !== true)
      throw new Error(`the report says ${report.outcome}, and the exit code is ${end.code}`);
    const shown = after.sets.find(
      ({ tier, timestamp, database }) =>
        tier === 'daily' && timestamp === report.timestamp && database === this.#operator.database.database,
    );
    const there = shown !== undefined && ['complete', 'suspicious'].includes(shown.state);
    if (there !== (report.outcome !== 'failed'))
      throw new Error(
        `the run ${report.timestamp ?? '?'} is ${report.outcome}, and its set is ${shown?.state ?? 'not there'}\n${end.stderr}`,
      );
    if (report.outcome !== 'succeeded') return;
    for (const { store, errors } of report.replication ?? []) {
      const copied = shown!.copies.some(
        (copy) => copy.store === store && ['complete', 'suspicious'].includes(copy.state),
      );
      if (errors.length > 0)
        throw new Error(`the run says that all is well, and that ${store} could not get a set`);
      if (!copied) throw new Error(`the run says that ${store} has its set, and it has not`);
    }
  }

  /** A command says nothing that it has to keep to itself. */
  #listen({ stdout, stderr }: CliEnd): void {
    const traces = tracesIn(stdout + stderr);
    if (traces.length > 0) throw new Error(`secrets in the output: ${traces.join(', ')}`);
  }
}

/** Timestamps of the complete copies in a store, newest first. */
export function completeIn({ sets }: Sight, store: string, wanted: Tier): string[] {
  const found = sets.filter(
    ({ tier, copies }) =>
      tier === wanted && copies.some((copy) => copy.store === store && copy.state === 'complete'),
  );
  return found
    .map(({ timestamp }) => timestamp)
    .sort()
    .reverse();
}
