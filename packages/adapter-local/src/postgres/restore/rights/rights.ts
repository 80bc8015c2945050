import { textOf } from '@geolens/backup-core';
import { parseGlobals, type Globals } from '../../globals/globals.ts';
import { PgDumpProducer } from '../../pg-dump-producer.ts';
import { execute, executeTogether } from '../execute.ts';
import type { SessionParts } from '../pg-restore-session.ts';
import type { Preparation } from '../prepare.ts';
import { assertGrants, expectGranted } from './grants.ts';
import { lackingRoles } from './needed-roles.ts';
import { NOT_THERE, passedOverIn, passingOverLackingRoutines } from './passing-over.ts';

/** Owners and privileges for what is restored, and where they come from. */
export interface Rights {
  readonly globals: Globals;
  /** `set`: all have to take effect. `live`: those that the live database had, as far as they fit. */
  readonly from: 'set' | 'live';
}

export interface MadeRoles {
  readonly made: readonly string[];
  /** What they lack of what the backup says, one sentence each. */
  readonly withheld: readonly string[];
}

/** Makes the roles that are missing, all or none. */
export async function makeLackingRoles({ server }: SessionParts, preparation: Preparation): Promise<MadeRoles> {
  const { missing, statements, withheld } = await lackingRoles(server, preparation);
  if (missing.length > 0) await server.within(server.maintenance, 'making roles', (client) => executeTogether(client, statements.filter((statement) => statement !== '')));
  return { made: missing, withheld };
}

/** The rights of the set; where it has none, as sets of other programs, those of the live database; `undefined` where there is neither. */
export async function findRights({ server, database, options, signal }: SessionParts, { globals, programs }: Preparation): Promise<Rights | undefined> {
  if (globals?.isOurs === true) return { globals, from: 'set' };
  if (!(await server.exists(database))) return undefined;
  const producer = new PgDumpProducer({ connection: server.settings(database), binDir: programs.folder, env: options.env });
  const snapshot = await producer.snapshot({ signal });
  try {
    return { globals: parseGlobals(await textOf(snapshot.globals()!)), from: 'live' };
  } finally {
    await snapshot.close();
  }
}

/** Event triggers are made last, and get their owners then: a statement of ours must not fire one. */
export function isOfEventTrigger(statement: string): boolean {
  return statement.startsWith('ALTER EVENT TRIGGER ');
}

/**
 * Gives a restored database its owners and privileges, and asserts them.
 * @returns what people should know
 */
export async function applyRights({ server }: SessionParts, target: string, rights: Rights | undefined): Promise<readonly string[]> {
  if (rights === undefined) return ['the backup carries no grants, and there was no database to take them from: grant again what other roles need'];
  const { globals: { owners: all, grants }, from } = rights;
  const owners = all.filter((statement) => !isOfEventTrigger(statement));
  const doing = 'applying owners and grants';
  if (from === 'set') {
    const said = await server.within(target, doing, (client) => executeTogether(client, [...owners, ...passingOverLackingRoutines(grants)]));
    expectGranted(said);
    const asserted = await assertGrants(server, target, grants);
    return [`owners and grants as in the backup; ${asserted} rights asserted`, ...passedOverIn(said)];
  }
  const said = await server.within(target, doing, (client) => execute(client, [...owners, ...grants], { goOn: true }));
  const errors = said.filter(({ level, state }) => level === 'ERROR' && !NOT_THERE.includes(state));
  const left = said.filter(({ state }) => NOT_THERE.includes(state)).length;
  return [
    `the backup carries no grants: owners and grants are those of the live database${left === 0 ? '' : `, but for ${left} of things that are not in the backup`}`,
    ...errors.map(({ message }) => `not carried over: ${message}`),
  ];
}
