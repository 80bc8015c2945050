/**
 * How long the fault suite is: in its short form, as part of all tests, or in the form that `npm run
 * test:faults` was asked for.
 */
export interface Plan {
  /** Programs of a family; undefined for the short form. */
  readonly count: number | undefined;
  readonly seed: number;
  /** The one kind of programs that is wanted; undefined for all of a family. */
  readonly kind: string | undefined;
  /** The number of the first program. */
  readonly from: number;
  /** How many programs of a kind go on side by side. */
  readonly lanes: number;
  /** After so many minutes no kind begins another program; undefined for however long they take. */
  readonly minutes: number | undefined;
  /** The file that gets a line of JSON for each kind; undefined for none. */
  readonly report: string | undefined;
}

const SHORT: Plan = {
  count: undefined,
  seed: 20261125,
  kind: undefined,
  from: 1,
  lanes: 1,
  minutes: undefined,
  report: undefined,
};

/** The variable by which run.ts hands the plan to the test files. */
export const PLAN_VARIABLE = 'GEOLENS_FAULT_PLAN';

const given = process.env[PLAN_VARIABLE];

export const plan: Plan = given === undefined ? SHORT : { ...SHORT, ...(JSON.parse(given) as Partial<Plan>) };

/** Milliseconds within which a kind is done: as short as other tests are, or as long as it takes. */
export const patience = plan.count === undefined ? 300_000 : 24 * 3_600_000;
