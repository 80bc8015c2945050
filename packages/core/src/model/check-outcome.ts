/**
 * The result of a check, a verification or a restore test. Whatever is not `passed` comes with a reason.
 *
 * - `passed`: everything that was checked is as it was backed up;
 * - `failed`: something is not as it was backed up;
 * - `inconclusive`: the check has no result, for example because this machine lacks a program;
 * - `skipped`: the check did not take place, for example because the set was removed meanwhile.
 */
export type CheckOutcome = 'passed' | 'failed' | 'inconclusive' | 'skipped';
