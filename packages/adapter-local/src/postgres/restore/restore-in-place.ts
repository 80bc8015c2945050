import { BackupError, toBackupError, withoutMend, type Restored, type RestoreInput } from '@geolens/backup-core';
import { connectionString } from '../connection.ts';
import { defaultPrivilegesOf } from './rights/default-privileges.ts';
import { endedWell, runPgRestore } from './pg-restore.ts';
import type { SessionParts } from './pg-restore-session.ts';
import type { Preparation } from './prepare.ts';
import { runSql } from './psql.ts';
import { applyRights, findRights, makeLackingRoles } from './rights/rights.ts';
import { countRestored } from './row-counts.ts';
import { gatherStatistics } from './statistics.ts';
import { toleratedBecause } from './tolerated-errors.ts';

const SHOWN = 5;

/** Less than a process that is asked to end has. */
const RESUME_WITHIN_MS = 4000;

const MEND = 'The live database is a mix of old and new now: restore again without --in-place, or mend what the errors say and restore once more';

/**
 * Restores onto the live database, object by object, as `pg_restore --clean` does it; then owners and grants. Default privileges are taken
 * away before, the set's come with its grants: else everything that is made again would get rights that the backup does not have, or, as
 * the functions of extensions, lose those that nobody grants.
 */
export async function restoreInPlace(parts: SessionParts, input: RestoreInput, preparation: Preparation): Promise<Restored> {
  const { server, database, signal, observer } = parts;
  const step = (name: string): void => observer?.({ event: 'step', step: name });
  const rights = await findRights(parts, preparation);
  await makeLackingRoles(parts, preparation);
  step('restore');
  const args = ['-U', server.user, '-d', connectionString(database), '--clean', '--if-exists', '--no-owner'];
  const env = await inEnglish(parts);
  const { psql, pgRestore } = preparation.programs;
  const defaults = await server.within(database, 'looking at default privileges', defaultPrivilegesOf);
  await runSql(defaults.suspend, 'suspending default privileges', { psql, env, signal, goOn: true });
  const tolerated = new Map<string, number>();
  const passOver = (error: string): boolean => {
    const why = toleratedBecause(error);
    if (why !== undefined) tolerated.set(why, (tolerated.get(why) ?? 0) + 1);
    return why !== undefined;
  };
  try {
    const { end, errors } = await runPgRestore({ pgRestore, args, dump: input.dump, env, signal, passOver });
    if (errors.length > 0 || !endedWell(end, tolerated.size > 0)) {
      const what = errors.length === 0 ? `pg_restore exited with ${end.code ?? end.endedBy ?? '?'}` : `${errors.length} errors, first: ${errors.slice(0, SHOWN).join(' | ')}`;
      throw new BackupError('RESTORE_FAILED', `the restore onto the live database failed: ${what}`, { mend: MEND });
    }
    step('count');
    const rows = await countRestored(server, database);
    const analyzed = await gatherStatistics(parts, database);
    step('rights');
    const notes = await applyRights(parts, preparation, database, rights, { properties: false });
    return { rows, notes: [...[...tolerated].map(([why, count]) => `${count} error${count === 1 ? '' : 's'} of pg_restore tolerated: ${why}`), ...notes, ...analyzed] };
  } catch (error) {
    const undisturbed = AbortSignal.timeout(RESUME_WITHIN_MS);
    await runSql(defaults.resume, 'bringing back default privileges', { psql, env, signal: undisturbed, goOn: true }).catch(() => undefined); // the error that led here is told
    throw mixed(error);
  }
}

/** From the moment that pg_restore begins, whatever fails leaves the database changed. */
function mixed(error: unknown): BackupError {
  const known = toBackupError(error);
  return known.mend === MEND ? known : new BackupError(known.code, withoutMend(known), { cause: error, mend: MEND });
}

/** The words of the server are judged, so they have to be English; only some roles may ask for that, others get what the server speaks. */
async function inEnglish({ server, database }: SessionParts): Promise<Readonly<Record<string, string>>> {
  const env = server.env(database);
  const may = await server.ask('asking for English', `SET lc_messages = 'C'`).then(() => true, () => false);
  return may ? { ...env, PGOPTIONS: `${env['PGOPTIONS'] ?? ''} -c lc_messages=C`.trim() } : env;
}
