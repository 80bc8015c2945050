import { quoteIdentifier } from '../connection/identifiers.ts';
import { tablesWithCodeOf, type OwnedTable } from './code-of-others.ts';
import { execute } from './execute.ts';
import type { OwnerLogins } from './owner-logins.ts';
import type { Server } from './server.ts';

export interface LentTables {
  readonly tables: readonly OwnedTable[];
  /** Gives them back to their owners. */
  giveBack(): Promise<void>;
}

/**
 * Lends tables of superusers that evaluate code of other roles to a role that may do nothing: that code would
 * run as the owner of the table.
 */
export async function lendTables(
  server: Server,
  database: string,
  unprivileged: ReadonlySet<string>,
  logins: OwnerLogins,
): Promise<LentTables> {
  const doing = 'lending tables of superusers';
  const tables = await server.within(database, doing, async (client) => {
    const found = await tablesWithCodeOf(client, unprivileged);
    if (found.length === 0) return found;
    const to = await logins.neutral();
    await execute(
      client,
      found.map((table) => ownerStatement(table, to)),
    );
    return found;
  });
  return {
    tables,
    giveBack: () =>
      server.within(database, doing, async (client) => {
        await execute(
          client,
          tables.map((table) => ownerStatement(table, table.owner)),
        );
      }),
  };
}

function ownerStatement({ schema, name }: OwnedTable, owner: string): string {
  return `ALTER TABLE ${quoteIdentifier(schema)}.${quoteIdentifier(name)} OWNER TO ${quoteIdentifier(owner)}`;
}
