import { isDamage, type Checks } from './manifest.ts';
import { formatChecks } from './manifest-text.ts';

/** Returns one sentence for each check that found other bytes or rows than were backed up. */
export function damageIn({ restoreTest, ...others }: Checks): readonly string[] {
  return Object.entries(formatChecks(isDamage(restoreTest) ? { ...others, restoreTest } : others))
    .filter(([, { ok }]) => !ok)
    .map(
      ([check, { at, problem }]) =>
        `it failed the check "${check}" at ${at}${problem === undefined ? '' : `: ${problem}`}`,
    );
}
