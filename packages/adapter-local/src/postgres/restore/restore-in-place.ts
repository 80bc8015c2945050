import { BackupError, type Restored, type RestoreInput } from '@geolens/backup-core';
import { connectionString } from '../connection.ts';
import { endedWell, runPgRestore } from './pg-restore.ts';
import type { SessionParts } from './pg-restore-session.ts';
import type { Preparation } from './prepare.ts';
import { applyRights, findRights, makeLackingRoles } from './rights.ts';
import { countAndAnalyze } from './row-counts.ts';
import { toleratedBecause } from './tolerated-errors.ts';

const SHOWN = 5;

const MEND = 'The live database is a mix of old and new now: restore again without --in-place, or mend what the errors say and restore once more';

/** Restores onto the live database, object by object, as `pg_restore --clean` does it; then owners and grants. */
export async function restoreInPlace(parts: SessionParts, input: RestoreInput, preparation: Preparation): Promise<Restored> {
  const { server, database, signal, observer } = parts;
  const step = (name: string): void => observer?.({ event: 'step', step: name });
  const rights = await findRights(parts, preparation);
  await makeLackingRoles(parts, preparation);
  step('restore');
  const args = ['-U', server.user, '-d', connectionString(database), '--clean', '--if-exists', '--no-owner'];
  const env = await inEnglish(parts);
  const tolerated = new Map<string, number>();
  const passOver = (error: string): boolean => {
    const why = toleratedBecause(error);
    if (why !== undefined) tolerated.set(why, (tolerated.get(why) ?? 0) + 1);
    return why !== undefined;
  };
  const { end, errors } = await runPgRestore({ pgRestore: preparation.programs.pgRestore, args, dump: input.dump, env, signal, passOver });
  if (errors.length > 0 || !endedWell(end, tolerated.size > 0)) {
    const what = errors.length === 0 ? `pg_restore exited with ${end.code ?? end.endedBy ?? '?'}` : `${errors.length} errors, first: ${errors.slice(0, SHOWN).join(' | ')}`;
    throw new BackupError('RESTORE_FAILED', `the restore onto the live database failed: ${what}`, { mend: MEND });
  }
  const rows = await countAndAnalyze(server, database, step);
  step('rights');
  const notes = await applyRights(parts, preparation, database, rights, { properties: false });
  return { rows, notes: [...[...tolerated].map(([why, count]) => `${count} error${count === 1 ? '' : 's'} of pg_restore tolerated: ${why}`), ...notes] };
}

/** The words of the server are judged, so they have to be English; only some roles may ask for that, others get what the server speaks. */
async function inEnglish({ server, database }: SessionParts): Promise<Readonly<Record<string, string>>> {
  const env = server.env(database);
  const may = await server.ask('asking for English', `SET lc_messages = 'C'`).then(() => true, () => false);
  return may ? { ...env, PGOPTIONS: `${env['PGOPTIONS'] ?? ''} -c lc_messages=C`.trim() } : env;
}
