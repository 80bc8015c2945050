import type pg from 'pg';
import { hasForeignBytes } from '../connection/byte-text.ts';
import { IDENTIFIER } from '../connection/identifiers.ts';
import { execute } from './execute.ts';
import type { OwnerLogins } from './owner-logins.ts';
import { executeEntry, type EntriesRequest } from './run-entries.ts';
import type { SessionParts } from './session-parts.ts';
import { referencedTable, type TocEntry } from './toc/toc.ts';

const NAME = `${IDENTIFIER}\\.${IDENTIFIER}`;

const CONSTRAINT = new RegExp(
  `^ALTER (TABLE|FOREIGN TABLE|DOMAIN) (?:ONLY )?(${NAME})\\n    ADD CONSTRAINT (${IDENTIFIER}) (.*);\\s*$`,
  'su',
);

/** Matches a constraint that is only checked for new rows. */
const NOT_VALIDATED = /\b(?:NOT VALID|NOT ENFORCED)$/;

const COLUMNS = `c.oid::pg_catalog.regclass::text AS named, n.nspname AS schema, pg_catalog.pg_get_userbyid(c.relowner) AS owner, c.oid <> $1::pg_catalog.regclass AS partition`;

/** Queries for the constrained object, by keyword. A foreign key is checked in partitions with rows. */
const CONSTRAINED = {
  'FOREIGN KEY': `
    SELECT ${COLUMNS}
      FROM (SELECT relid FROM pg_catalog.pg_partition_tree($1::pg_catalog.regclass) WHERE isleaf
            UNION SELECT $1::pg_catalog.regclass WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_partition_tree($1::pg_catalog.regclass))) t
      JOIN pg_catalog.pg_class c ON c.oid = t.relid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     ORDER BY 1`,
  TABLE: `
    SELECT ${COLUMNS} FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1::pg_catalog.regclass`,
  DOMAIN: `
    SELECT t.oid::pg_catalog.regtype::text AS named, n.nspname AS schema, pg_catalog.pg_get_userbyid(t.typowner) AS owner, false AS partition
      FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.oid = $1::pg_catalog.regtype`,
};

/** A table or a domain. */
interface Constrained {
  /** Name as in a statement. */
  readonly named: string;
  readonly schema: string;
  readonly owner: string;
  /** Whether it is a partition of the constrained table. */
  readonly partition: boolean;
}

/** A constraint that is not valid yet. */
interface Validation extends Constrained {
  readonly entry: TocEntry;
  readonly statement: string;
}

export interface ConstraintsRequest extends Pick<EntriesRequest, 'entries' | 'onError'> {
  readonly logins: OwnerLogins;
}

interface MadeConstraints {
  readonly validations: readonly Validation[];
  /** Foreign keys of or to partitioned tables of one role, which creates them. */
  readonly byOwner: readonly { readonly entry: TocEntry; readonly owner: string }[];
  /** Constraints of partitioned tables, created after validation: they adopt those of their partitions. */
  readonly later: readonly TocEntry[];
}

/**
 * Creates foreign keys and checks without evaluating them, then validates each as the owner of its table.
 * Creates those of tables without code of other roles directly.
 * @throws BackupError RESTORE_FAILED at the first error, unless there is `onError`
 */
export async function validateConstraints(
  { server, sessions }: SessionParts,
  target: string,
  { logins, entries, onError }: ConstraintsRequest,
): Promise<void> {
  const inTarget = <T>(work: (client: pg.Client) => Promise<T>): Promise<T> =>
    server.within(target, 'making constraints', work);
  const { validations, byOwner, later } = await inTarget((client) =>
    makeNotValid(client, { logins, entries, onError }),
  );
  await validate({ logins, onError }, validations, sessions);
  for (const { entry, owner } of byOwner)
    await executeEntry(entry, logins.executeApart(owner, entry.statement), onError);
  await inTarget(async (client) => {
    for (const entry of later) await executeEntry(entry, execute(client, [entry.statement]), onError);
  });
}

async function makeNotValid(
  client: pg.Client,
  { logins, entries, onError }: ConstraintsRequest,
): Promise<MadeConstraints> {
  const found: { -readonly [Key in keyof MadeConstraints]: MadeConstraints[Key][number][] } = {
    validations: [],
    byOwner: [],
    later: [],
  };
  const make = async (entry: TocEntry): Promise<void> => {
    const match = CONSTRAINT.exec(entry.statement);
    const on = match === null ? [] : await constrainedBy(client, match, entry.owner);
    const isCovered = on.some(({ owner }) => logins.covers(owner));
    const owner = match !== null && isCovered ? await ownerOfPartitioned(client, match, on) : undefined;
    if (owner !== undefined) {
      found.byOwner.push({ entry, owner });
      return;
    }
    if (match === null || !isCovered || on.some(({ partition }) => partition)) found.later.push(entry);
    if (match === null || !isCovered) return;
    const [, kind = '', , name = '', constraint = ''] = match;
    for (const one of on) {
      await execute(client, [`ALTER ${kind} ${one.named} ADD CONSTRAINT ${name} ${constraint} NOT VALID`]);
      const statement = `ALTER ${kind} ${one.named} VALIDATE CONSTRAINT ${name}`;
      found.validations.push({ ...one, entry, statement });
    }
  };
  for (const entry of entries) await executeEntry(entry, make(entry), onError);
  return found;
}

/** Returns the tables whose rows the constraint is checked for; none if it is not checked. */
async function constrainedBy(
  client: pg.Client,
  match: RegExpExecArray,
  owner: string,
): Promise<readonly Constrained[]> {
  const [, kind, table = '', , constraint = ''] = match;
  if (NOT_VALIDATED.test(constraint)) return [];
  // The server cannot look up such a name.
  if (hasForeignBytes(table)) return [{ named: table, schema: '', owner, partition: false }];
  const what = kind === 'DOMAIN' ? kind : constraint.startsWith('FOREIGN KEY ') ? 'FOREIGN KEY' : 'TABLE';
  return (await client.query<Constrained>(CONSTRAINED[what], [table])).rows;
}

/**
 * Returns the role that owns all tables of a foreign key with a partitioned table; `undefined` otherwise.
 * PostgreSQL records validity for each partition, and a later validation changes only the first.
 */
async function ownerOfPartitioned(
  client: pg.Client,
  [, , table, , constraint = '']: RegExpExecArray,
  on: readonly Constrained[],
): Promise<string | undefined> {
  const referenced = referencedTable(constraint)?.named;
  if (referenced === undefined || table === undefined || hasForeignBytes(table + referenced))
    return undefined;
  const [from] = (await client.query<Constrained>(CONSTRAINED.TABLE, [table])).rows;
  const [to] = (await client.query<Constrained>(CONSTRAINED.TABLE, [referenced])).rows;
  const parts = (await client.query<Constrained>(CONSTRAINED['FOREIGN KEY'], [referenced])).rows;
  const owners = new Set([from, to, ...on, ...parts].map((one) => one?.owner));
  const isPartitioned = [...on, ...parts].some(({ partition }) => partition);
  return isPartitioned && owners.size === 1 ? from?.owner : undefined;
}

/** Validates constraints of different tables in parallel: two of one table would wait for each other. */
async function validate(
  { logins, onError }: Omit<ConstraintsRequest, 'entries'>,
  validations: readonly Validation[],
  sessions: number,
): Promise<void> {
  const byTable = new Map<string, Validation[]>();
  for (const one of validations) {
    const group = byTable.get(one.named);
    if (group === undefined) byTable.set(one.named, [one]);
    else group.push(one);
  }
  const queue = byTable.values();
  await Promise.all(
    Array.from({ length: Math.min(sessions, byTable.size) }, async () => {
      for (const table of queue)
        for (const { owner, entry, statement } of table)
          await executeEntry(entry, logins.executeApart(owner, statement), onError);
    }),
  );
}
