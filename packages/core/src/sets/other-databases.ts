import type { ErrorDetails } from '../base/errors.ts';

/** Returns the details of SET_NOT_FOUND, from the databases that do have sets. */
export function otherDatabases(others: ReadonlySet<string>): ErrorDetails {
  return others.size === 0
    ? { reason: 'set-missing' }
    : { reason: 'other-databases', databases: [...others] };
}
