/** The long form of the corpus. */
export interface CorpusPlan {
  /** File that gets a line of JSON for each case. */
  readonly report: string;
  /** Text that the titles of the wanted cases contain; empty for all. */
  readonly part: string;
}

/** The variable by which run.ts passes the plan to the test file; unset for the short form. */
export const PLAN_VARIABLE = 'GEOLENS_CORPUS_PLAN';
