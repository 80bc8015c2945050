import type { RestoreInput } from '@geolens/backup-core';
import { quoteIdentifier } from '../connection/identifiers.ts';
import type { Said } from './execute.ts';
import { exposureOf } from './exposure.ts';
import { OwnerLogins } from './owner-logins.ts';
import type { Owners } from './owners.ts';
import type { Preparation } from './prepare.ts';
import { runSql } from './psql.ts';
import { ALREADY_THERE, hasCodeOfOthers } from './retry-entries.ts';
import { isOfEntry } from './run-entries.ts';
import type { SessionParts } from './session-parts.ts';
import { restrictedSql, sqlOf } from './toc/schema-toc.ts';
import type { TocEntry } from './toc/toc.ts';
import { TurnsByOwner } from './turns-by-owner.ts';

export interface SecondTryRequest {
  /** What pg_restore or the server reported, one sentence each. */
  readonly failures: readonly string[];
  readonly args: readonly string[];
  readonly owners: Owners;
  /** The search_path of the database. */
  readonly searchPath: string;
}

/** More than these have one cause, which another attempt does not change. */
const MOST_ENTRIES = 200;

const NOT_ALLOWED = '42501';

/**
 * Makes entries again that failed, one by one in the order of the dump, with the search_path of the database, and
 * those of a role that is no superuser over its login.
 * @returns what fails again, with its SQLSTATE
 */
export async function secondTry(
  parts: SessionParts,
  input: RestoreInput,
  preparation: Preparation,
  target: string,
  { failures, args, owners, searchPath }: SecondTryRequest,
): Promise<readonly string[]> {
  const { entries } = preparation.toc;
  const ofRows = entries.filter(({ kind }) => kind === 'TABLE DATA');
  // pg_restore names a table without its schema: rows that are there must not be loaded twice.
  const isUnclear = ({ kind, name }: TocEntry): boolean =>
    kind === 'TABLE DATA' && ofRows.filter((one) => one.name === name).length > 1;
  const failed = entries.flatMap((entry) => {
    const failure = failures.find((one) => isOfEntry(one, entry));
    return failure === undefined || isUnclear(entry) ? [] : [{ entry, failure }];
  });
  if (failed.length === 0 || failed.length > MOST_ENTRIES) return failures;
  const { server, database: live, signal } = parts;
  const { unprivileged, byLogins } = owners;
  await using logins = new OwnerLogins({ server, live, target, unprivileged, signal });
  const turns = new TurnsByOwner(entries, unprivileged, exposureOf(entries, unprivileged).tables);
  const pathOfSuperusers = (await hasCodeOfOthers(server, target, searchPath)) ? '' : searchPath;
  const again = async (entry: TocEntry): Promise<readonly Said[] | undefined> => {
    const isByLogin = byLogins && unprivileged.has(entry.owner);
    // The restoring role must not evaluate what others can have a part in.
    if (!isByLogin && byLogins && (entry.kind === 'TABLE DATA' || turns.turnOf(entry) !== 'restorer'))
      return undefined;
    const credentials = isByLogin ? (await logins.actingAs(entry.owner)).credentials : undefined;
    const ownerArgs = isByLogin ? ['--no-owner'] : args;
    const script = async function* (): AsyncGenerator<Uint8Array> {
      if (isByLogin) yield Buffer.from(`SET ROLE ${quoteIdentifier(entry.owner)};\n`);
      const sql = sqlOf(input.dump, [entry], { server, programs: preparation.programs, signal, ownerArgs });
      yield* restrictedSql(sql, isByLogin ? searchPath : pathOfSuperusers);
    };
    const env = server.env(target, credentials);
    return runSql(script(), 'a second attempt', { psql: preparation.programs.psql, env, signal, goOn: true });
  };
  const left: string[] = failures.filter((failure) => !failed.some((one) => one.failure === failure));
  for (const { entry, failure } of failed) {
    const said = await again(entry);
    const error = said?.find(({ level, state }) => level === 'ERROR' && !ALREADY_THERE.includes(state));
    if (said !== undefined && error === undefined) continue;
    const isKnown = error === undefined || error.state === NOT_ALLOWED || failure.includes('(SQLSTATE ');
    left.push(isKnown ? failure : failure.replace(' (entry ', ` (SQLSTATE ${error.state}) (entry `));
  }
  return left;
}
