import type pg from 'pg';
import { quoteIdentifier } from '../connection/identifiers.ts';
import { codeOf } from '../connection/postgres-errors.ts';
import { execute, isOfStatement } from './execute.ts';
import { restoreFailed } from './run-entries.ts';
import type { TocEntry } from './toc/toc.ts';

/** Kinds of objects without rows that superusers create for the roles of a database. */
const OF_SUPERUSERS =
  /^(?:SCHEMA|EXTENSION|FOREIGN DATA WRAPPER|SERVER|EVENT TRIGGER|(?:PROCEDURAL )?LANGUAGE|CAST|PUBLICATION|SUBSCRIPTION|ACCESS METHOD|TRANSFORM)$/;

/** Objects that stay if the server refuses to drop them: kind of entry, SQLSTATE, and why it is no error. */
const STAYS: readonly {
  readonly kind: RegExp;
  readonly state: string;
  readonly why: string;
  /** Whether a later statement drops it. */
  readonly goes?: true;
}[] = [
  { kind: /^EXTENSION$/, state: '2BP01', why: 'an extension in use stays as it is' },
  { kind: /^SCHEMA$/, state: '2BP01', why: 'a schema that has newer things in it stays' },
  {
    kind: /CONSTRAINT$/,
    state: '42P16',
    why: 'a key of a partition goes with that of its table',
    goes: true,
  },
  { kind: OF_SUPERUSERS, state: '42501', why: 'what belongs to another role stays as it is' },
];

/** An object that stays, with a sentence that gives the reason. */
export interface Stays {
  /** `undefined` if a later statement drops it. */
  readonly entry: TocEntry | undefined;
  readonly why: string;
}

/** SQLSTATE for exhausted locks: one transaction locks all objects that it drops. */
const OUT_OF_LOCKS = '53200';

/** Number of large objects that one statement drops: each takes a lock. */
const LARGE_OBJECTS = 1000;

/** Returns the statement that drops an entry's object if it exists, as `pg_restore --if-exists` does. */
export function dropIfExists({ kind, dropping }: Pick<TocEntry, 'kind' | 'dropping'>): string {
  if (dropping.startsWith('ALTER TABLE '))
    return dropping
      .replace('ALTER TABLE ', 'ALTER TABLE IF EXISTS ')
      .replace(' DROP CONSTRAINT ', ' DROP CONSTRAINT IF EXISTS ');
  return dropping.startsWith(`DROP ${kind} `)
    ? dropping.replace(`DROP ${kind} `, `DROP ${kind} IF EXISTS `)
    : dropping;
}

/**
 * Drops the objects of a dump from a live database, in reverse order and in one transaction.
 * @returns the objects that stay, and why
 * @throws BackupError RESTORE_FAILED if another object cannot be dropped; then none is dropped
 */
export async function dropEntries(
  client: pg.Client,
  entries: readonly TocEntry[],
): Promise<readonly Stays[]> {
  try {
    await client.query('BEGIN');
    await detachSubscriptions(client, entries);
    const stays = await dropEach(client, entries, true);
    await client.query('COMMIT');
    return stays;
  } catch (error) {
    if (!isOfStatement(error)) throw error;
    await client.query('ROLLBACK');
    if (codeOf(error) === OUT_OF_LOCKS) return dropEach(client, entries, false);
    throw restoreFailed(error.message, error);
  }
}

/** Finds those of the given subscriptions that have a replication slot on their publisher. */
const ATTACHED = `
  SELECT subname AS name FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
   WHERE d.datname = pg_catalog.current_database() AND subname = ANY ($1) AND subslotname IS NOT NULL`;

/** Detaches subscriptions from their replication slots, which stay: a transaction cannot drop one. */
async function detachSubscriptions(client: pg.Client, entries: readonly TocEntry[]): Promise<void> {
  const names = entries.flatMap(({ kind, name }) => (kind === 'SUBSCRIPTION' ? [name] : []));
  if (names.length === 0) return;
  const { rows } = await client.query<{ name: string }>(ATTACHED, [names]);
  for (const { name } of rows) {
    const alter = `ALTER SUBSCRIPTION ${quoteIdentifier(name)}`;
    await execute(client, [`${alter} DISABLE`, `${alter} SET (slot_name = NONE)`]);
  }
}

async function dropEach(
  client: pg.Client,
  entries: readonly TocEntry[],
  inTransaction: boolean,
): Promise<readonly Stays[]> {
  const stays: Stays[] = [];
  for (const { entry, kind, statement } of dropsOf(entries)) {
    const possible = STAYS.filter((one) => one.kind.test(kind));
    const isSaved = inTransaction && possible.length > 0;
    try {
      if (isSaved) await client.query('SAVEPOINT one');
      await execute(client, [statement]);
      if (isSaved) await client.query('RELEASE one');
    } catch (error) {
      const found = possible.find(({ state }) => state === codeOf(error));
      if (found === undefined) throw error;
      if (isSaved) await client.query('ROLLBACK TO one');
      stays.push({ entry: found.goes ? undefined : entry, why: found.why });
    }
  }
  return stays;
}

/** Returns the drop statements. Groups large objects, because there may be millions. */
function dropsOf(
  entries: readonly TocEntry[],
): readonly { readonly entry?: TocEntry; readonly kind: string; readonly statement: string }[] {
  const large: string[] = [];
  const drops = entries.toReversed().flatMap((entry) => {
    if (!entry.kind.startsWith('BLOB')) return [{ entry, kind: entry.kind, statement: dropIfExists(entry) }];
    large.push(...(entry.kind === 'BLOB' ? [String(entry.oid)] : (entry.definition.match(/\d+/g) ?? [])));
    return [];
  });
  const groups = Array.from({ length: Math.ceil(large.length / LARGE_OBJECTS) }, (_, index) =>
    large.slice(index * LARGE_OBJECTS, (index + 1) * LARGE_OBJECTS),
  );
  return [
    ...drops.filter(({ statement }) => statement !== ''),
    ...groups.map((oids) => ({
      kind: 'BLOB',
      statement: `SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata WHERE oid = ANY ('{${oids.join(',')}}')`,
    })),
  ];
}
