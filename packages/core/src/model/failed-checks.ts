import type { Checks } from './manifest.ts';
import { formatChecks } from './manifest-text.ts';

/** Returns one sentence for each check of a set that failed. */
export function failedChecks(checks: Checks): readonly string[] {
  return Object.entries(formatChecks(checks))
    .filter(([, { ok }]) => !ok)
    .map(
      ([check, { at, problem }]) =>
        `it failed the check "${check}" at ${at}${problem === undefined ? '' : `: ${problem}`}`,
    );
}
