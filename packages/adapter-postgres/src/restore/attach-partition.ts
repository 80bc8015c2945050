import type pg from 'pg';
import { group, IDENTIFIER, quoteIdentifier } from '../connection/identifiers.ts';
import { oneRow } from '../connection/queries.ts';
import { execute } from './execute.ts';
import type { OwnerLogins } from './owner-logins.ts';
import type { TocEntry } from './toc/toc.ts';

const NAME = `${IDENTIFIER}\\.${IDENTIFIER}`;

const ATTACH = new RegExp(`^ALTER (?:TABLE ONLY|INDEX) (${NAME}) ATTACH PARTITION (${NAME})[ ;]`, 'u');

/** Reads the tables of two relations, each of which may be an index, with their owners. */
const TABLES = `
  SELECT r.oid::pg_catalog.regclass::text AS named, pg_catalog.pg_get_userbyid(r.relowner) AS owner
    FROM pg_catalog.unnest($1::text[]) WITH ORDINALITY AS w (name, position)
    LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = w.name::pg_catalog.regclass
    JOIN pg_catalog.pg_class r ON r.oid = coalesce(i.indrelid, w.name::pg_catalog.regclass)
   ORDER BY w.position`;

interface OwnedTable {
  readonly named: string;
  readonly owner: string;
}

/**
 * Attaches a partition, or an index to that of the partitioned table. PostgreSQL evaluates expressions of
 * both tables, and requires one owner. So the owner of the parent owns the partition meanwhile. If the parent
 * belongs to a superuser and the partition does not, a role without other rights owns it.
 */
export async function attachPartition(
  client: pg.Client,
  logins: OwnerLogins,
  entry: TocEntry,
): Promise<void> {
  const match = ATTACH.exec(entry.statement);
  const tables =
    match === null ? [] : (await client.query<OwnedTable>(TABLES, [[group(match, 1), group(match, 2)]])).rows;
  if (!tables.some(({ owner }) => logins.covers(owner))) {
    await execute(client, [entry.statement]);
    return;
  }
  const { owner } = oneRow(tables.slice(0, 1));
  const actor = logins.covers(owner) ? owner : await logins.neutral();
  const lent = tables.filter((table) => table.owner !== actor);
  const give = (to: (table: OwnedTable) => string): readonly string[] =>
    lent.map((table) => `ALTER TABLE ${table.named} OWNER TO ${quoteIdentifier(to(table))}`);
  await execute(
    client,
    give(() => actor),
  );
  await logins.execute(actor, entry.statement);
  await execute(
    client,
    give((table) => table.owner),
  );
}
