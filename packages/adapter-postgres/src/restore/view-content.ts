import type { RestoreInput } from '@geolens/backup-core';
import { restoreErrorWithoutValues } from '../connection/program-messages.ts';
import type { SessionParts } from './session-parts.ts';
import type { Preparation } from './prepare.ts';
import type { Rights } from './rights/rights.ts';
import { entriesByTurn, restoreEntries } from './run-entries.ts';

const FORBIDDEN = /^could not execute query: ERROR: {2}permission denied /;

/**
 * Fills the materialized views, each as its owner. Where the set has no privileges, an owner may lack one
 * that it had: such a view stays empty.
 * @returns the views that stay empty, one sentence each
 */
export async function fillViews(
  parts: SessionParts,
  input: RestoreInput,
  preparation: Preparation,
  database: string,
  rights: Rights | undefined,
): Promise<readonly string[]> {
  const { views } = entriesByTurn(preparation);
  const empty: string[] = [];
  const passOver = (error: string): boolean => {
    if (!FORBIDDEN.test(error)) return false;
    empty.push(
      `a materialized view stays empty, for the backup has no privileges: ${restoreErrorWithoutValues(error).replace('could not execute query: ERROR:  ', '')}. Grant them, then REFRESH MATERIALIZED VIEW`,
    );
    return true;
  };
  await restoreEntries(parts, input, preparation, database, {
    entries: views,
    args: ['--no-owner'],
    sessions: 1,
    ...(rights?.from !== 'set' && { passOver }),
  });
  return empty;
}
