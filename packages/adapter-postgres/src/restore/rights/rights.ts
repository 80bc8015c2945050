import { BackupError } from '@geolens/backup-core';
import { statementOn, readGlobals, type Globals } from '../globals/globals.ts';
import type { RestoreJob } from '../session-parts.ts';
import { PgDumpProducer } from '../../dump/pg-dump-producer.ts';
import {
  execute,
  executeEach,
  executeTogether,
  type Refused,
  NOT_THERE,
  passedOverIn,
  passingOverLackingRoutines,
} from '../execute.ts';
import type { Preparation } from '../prepare.ts';
import { expectGranted, missingGrants, notGranted } from './grants.ts';
import { lackingRoles } from './needed-roles.ts';

/** Owners and privileges for restored objects, and their origin. */
export interface Rights {
  readonly globals: Globals;
  /** `set`: all must take effect. `live`: those of the live database, as far as they fit. */
  readonly from: 'set' | 'live';
}

/**
 * Creates the missing roles, all or none.
 * @returns differences from the backup, one sentence each
 */
export async function makeLackingRoles(job: RestoreJob): Promise<readonly string[]> {
  const { server } = job;
  const { missing, statements, withheld } = await lackingRoles(server, job);
  const making = statements.filter((statement) => statement !== '');
  if (missing.length > 0)
    await server.within(server.maintenance, 'making roles', (client) => executeTogether(client, making));
  return withheld;
}

/**
 * Returns the rights of the set. If it has none, as sets of other programs, returns those of the live
 * database. `undefined` if neither exists.
 */
export async function findRights({
  server,
  database,
  options,
  signal,
  globals: ofSet,
  programs,
}: RestoreJob): Promise<Rights | undefined> {
  if (ofSet?.isOurs === true) return { globals: ofSet, from: 'set' };
  if (!(await server.exists(database))) return undefined;
  const producer = new PgDumpProducer({
    connection: server.settings(database),
    binDir: programs.folder,
    env: options.env,
  });
  const snapshot = await producer.snapshot({ signal });
  try {
    const globals = snapshot.globals();
    if (globals === undefined) return undefined;
    const live = await readGlobals(globals);
    if (live.isIncomplete)
      throw new BackupError(
        'RESTORE_FAILED',
        `the owners and grants of the live database cannot be read: ${snapshot.warnings().join('; ')}`,
      );
    return { globals: live, from: 'live' };
  } finally {
    await snapshot.close();
  }
}

/**
 * Returns whether a statement is about an event trigger. Event triggers are created last and get their owners
 * then, so that our statements fire none.
 */
export function isOfEventTrigger(statement: string): boolean {
  return statement.startsWith('ALTER EVENT TRIGGER ');
}

const SHOWN_CHARACTERS = 120;

/** Matches a privilege on server objects: functions that read files, password tables. */
const ON_SYSTEM_OBJECT =
  /^GRANT .+? ON [A-Z ]+ (?:"(?:pg_[^"]*|information_schema)"|pg_\w+|information_schema)\./is;

export interface AppliedRights {
  /** Notes for the operator. */
  readonly notes: readonly string[];
  /** Omitted privileges of the set, one sentence each. */
  readonly withheld: readonly string[];
  /** Owners and privileges that the server refused, one sentence each. */
  readonly refused: readonly string[];
}

/** Returns a sentence about an owner or a privilege that the server refused. */
export function refusalText({ statement, message }: Refused): string {
  return `\`${statement.slice(0, SHOWN_CHARACTERS)}\` failed: ${message}`;
}

/** Statements that give a database its owners and privileges. */
export interface RightsStatements {
  readonly owners: readonly string[];
  readonly grants: readonly string[];
  /** Start of each omitted statement. */
  readonly withheld: readonly string[];
}

export function rightsStatements(
  { globals, from }: Rights,
  { privilegedRoles }: Pick<Preparation, 'privilegedRoles'>,
): RightsStatements {
  const isWithheld = (grant: string): boolean =>
    from === 'set' && !privilegedRoles && ON_SYSTEM_OBJECT.test(grant);
  return {
    owners: globals.owners.filter((statement) => !isOfEventTrigger(statement)),
    grants: globals.grants.filter((grant) => !isWithheld(grant)),
    withheld: globals.grants.filter(isWithheld).map((grant) => `\`${grant.slice(0, SHOWN_CHARACTERS)}\``),
  };
}

const ON_SCHEMA = /^GRANT .+? ON SCHEMA /su;

/** Returns the privileges on the database itself, as statements about the restored one. */
function onDatabase({ database }: Globals, target: string): readonly string[] {
  return database.filter(({ kind }) => kind === 'grant').map((statement) => statementOn(statement, target));
}

/** Returns the statement for a role that is not a superuser: it may only set roles that it is a member of. */
function bySetRole(statement: string): string {
  return statement
    .replace(/^SET SESSION AUTHORIZATION /, 'SET ROLE ')
    .replace(/^RESET SESSION AUTHORIZATION/, 'RESET ROLE');
}

/**
 * Applies owners and privileges to a restored database, and checks them.
 * @param goOn whether to list privileges that the server refuses, as for a live database, which has already
 * changed. Otherwise they are RESTORE_FAILED. Refused owners are always listed.
 */
export async function applyRights(
  { server, privilegedRoles }: RestoreJob,
  target: string,
  rights: Rights | undefined,
  goOn = false,
): Promise<AppliedRights> {
  if (rights === undefined)
    return {
      refused: [],
      notes: [
        'the backup carries no grants, and there was no database to take them from: grant again what other roles need',
      ],
      withheld: [],
    };
  const { from } = rights;
  const { owners, grants: all, withheld } = rightsStatements(rights, { privilegedRoles });
  const grants = server.superuser ? all : all.map(bySetRole);
  // Roles that are not superusers can own an object only if they may create it in its place.
  const needed = server.superuser
    ? []
    : [...onDatabase(rights.globals, target), ...grants.filter((grant) => ON_SCHEMA.test(grant))];
  const doing = 'applying owners and grants';
  if (from === 'set') {
    // Schemas come first, for the same reason.
    const ofSchemas = (statement: string): boolean => statement.startsWith('ALTER SCHEMA ');
    const ordered = [...owners.filter(ofSchemas), ...owners.filter((one) => !ofSchemas(one))];
    const statements = [...needed, ...ordered, ...passingOverLackingRoutines(grants)];
    const ofOwners = new Set([...needed, ...owners]);
    const { said, refused } = await server.within(target, doing, (client) =>
      executeEach(client, statements, (statement) => goOn || ofOwners.has(statement)),
    );
    const made = grants.filter((grant) => !refused.some(({ statement }) => statement === grant));
    const missing = await missingGrants(server, target, made);
    if (!goOn) expectGranted(said, missing);
    const lacking = [...refused.map(refusalText), ...(goOn ? [...notGranted(said), ...missing.list] : [])];
    const what = lacking.length === 0 ? 'owners and grants' : 'other owners and grants';
    const asserted = missing.total - missing.list.length;
    return {
      notes: [`${what} as in the backup; ${asserted} rights asserted`, ...passedOverIn(said)],
      withheld,
      refused: lacking,
    };
  }
  const said = await server.within(target, doing, (client) =>
    execute(client, [...owners, ...grants], { goOn: true }),
  );
  const errors = said.filter(({ level, state }) => level === 'ERROR' && !NOT_THERE.includes(state));
  const left = said.filter(({ state }) => NOT_THERE.includes(state)).length;
  const first = `the backup carries no grants: owners and grants are those of the live database${left === 0 ? '' : `, but for ${left} of things that are not in the backup`}`;
  return {
    notes: [first, ...errors.map(({ message }) => `not carried over: ${message}`)],
    withheld,
    refused: [],
  };
}
