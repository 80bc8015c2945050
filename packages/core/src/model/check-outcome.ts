/**
 * Outcome of a check, a verification or a restore test. Every outcome other than `passed` has a reason.
 *
 * - `passed`: everything checked equals what was backed up;
 * - `failed`: something differs from what was backed up;
 * - `inconclusive`: the check has no result, for example because this machine lacks a program;
 * - `skipped`: the check did not take place, for example because the set was removed meanwhile.
 */
export type CheckOutcome = 'passed' | 'failed' | 'inconclusive' | 'skipped';
