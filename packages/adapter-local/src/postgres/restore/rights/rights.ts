import { textOf } from '@geolens/backup-core';
import { databaseStatementsOf } from '../../database-statements.ts';
import { PgDumpProducer } from '../../pg-dump-producer.ts';
import { assertGrants, expectGranted } from './grants.ts';
import { sectionsOf, type GlobalsSections } from './globals-sections.ts';
import { passedOverIn, passingOverLackingRoutines } from './extension-grants.ts';
import type { SessionParts } from '../pg-restore-session.ts';
import { understoodBy } from '../newer-client.ts';
import { lackingRoles } from './needed-roles.ts';
import type { Preparation } from '../prepare.ts';
import { NOT_THERE } from './passing-over.ts';
import { runSql } from '../psql.ts';

/** Owners and grants for what is restored, and where they come from. */
export interface Rights {
  readonly sections: GlobalsSections;
  /** `set`: all have to take effect. `live`: those that the live database had, as far as they fit. */
  readonly from: 'set' | 'live';
}

/** Makes the roles that are missing. */
export async function makeLackingRoles({ server, signal }: SessionParts, preparation: Preparation): Promise<readonly string[]> {
  const { missing, sql } = await lackingRoles(server, preparation);
  if (missing.length > 0) await runSql(sql, 'making roles', { psql: preparation.programs.psql, env: server.env(server.maintenance), signal });
  return missing;
}

/** The rights of the set; where it has none, as sets of other programs, those of the live database; undefined where there is neither. */
export async function findRights({ server, database, options, signal }: SessionParts, { sections, programs }: Preparation): Promise<Rights | undefined> {
  if (sections !== undefined) return { sections, from: 'set' };
  if (!(await server.exists(database))) return undefined;
  const producer = new PgDumpProducer({ connection: server.settings(database), binDir: programs.folder, env: options.env });
  const snapshot = await producer.snapshot({ signal });
  try {
    const found = sectionsOf(await textOf(snapshot.globals()!));
    return found === undefined ? undefined : { sections: found, from: 'live' };
  } finally {
    await snapshot.close();
  }
}

/**
 * Gives a restored database its owners and grants, and asserts them; with `properties`, also what belongs to the database itself:
 * first what the live one has, then what the set says.
 * @returns what people should know
 */
export async function applyRights(
  { server, database, signal }: SessionParts,
  { programs: { psql } }: Preparation,
  target: string,
  rights: Rights | undefined,
  { properties }: { readonly properties: boolean },
): Promise<readonly string[]> {
  const request = { psql, env: server.env(target), signal };
  const live = properties ? await databaseStatementsOf(server.client, database, { withoutGrants: rights !== undefined }) : '';
  if (rights === undefined) {
    if (live !== '') await runSql(oneTransaction(live), 'carrying over the properties of the database', request);
    return ['the backup carries no grants, and there was no database to take them from: grant again what other roles need'];
  }
  const { sections: { database: own, owners, grants }, from } = rights;
  const understood = understoodBy(server.major, grants);
  const body = `${properties ? `${live}\n${own}\n` : ''}${owners}\n${from === 'set' ? passingOverLackingRoutines(understood) : understood}`;
  if (from === 'set') {
    const said = await runSql(oneTransaction(body), 'applying owners and grants', request);
    expectGranted(said);
    const asserted = await assertGrants(server, target, grants);
    return [`owners and grants as in the backup; ${asserted} rights asserted`, ...passedOverIn(said)];
  }
  const said = await runSql(body, 'applying owners and grants', { ...request, goOn: true });
  const errors = said.filter(({ level, state }) => level !== 'WARNING' && !NOT_THERE.includes(state));
  const left = said.filter(({ state }) => NOT_THERE.includes(state)).length;
  return [
    `the backup carries no grants: owners and grants are those of the live database${left === 0 ? '' : `, but for ${left} of things that are not in the backup`}`,
    ...errors.map(({ message }) => `not carried over: ${message}`),
  ];
}

function oneTransaction(sql: string): string {
  return `BEGIN;\n${sql}\nCOMMIT;\n`;
}
