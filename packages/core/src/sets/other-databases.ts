import { withReason } from '../base/errors.ts';

/** Returns the options of SET_NOT_FOUND, from the databases that do have sets. */
export function otherDatabases(others: ReadonlySet<string>): ReturnType<typeof withReason> {
  return others.size === 0
    ? withReason('set-missing')
    : withReason('other-databases', { databases: [...others] });
}
