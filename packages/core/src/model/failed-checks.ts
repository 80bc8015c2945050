import type { Checks, CheckResult } from './manifest.ts';

/** What the checks of a set have found, one sentence for each that it failed. */
export function failedChecks(checks: Checks): readonly string[] {
  return (Object.entries(checks) as readonly (readonly [keyof Checks, CheckResult])[])
    .filter(([, { ok }]) => !ok)
    .map(
      ([check, { at, problem }]) =>
        `it failed the check "${check}" at ${at}${problem === undefined ? '' : `: ${problem}`}`,
    );
}
