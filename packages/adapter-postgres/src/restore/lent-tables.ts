import type pg from 'pg';
import { quoteIdentifier } from '../connection/identifiers.ts';
import { schemasIn } from './exposure.ts';
import { execute } from './execute.ts';
import type { OwnerLogins } from './owner-logins.ts';
import type { Server } from './server.ts';
import type { TocEntry } from './toc/toc.ts';

/**
 * Tables of superusers that belong to a role without rights until they are given back: code of other roles would
 * run as their owner.
 */
export class LentTables {
  private readonly given = new Set<TocEntry>();
  private readonly server: Server;
  private readonly database: string;
  private readonly logins: OwnerLogins;

  constructor(server: Server, database: string, logins: OwnerLogins) {
    this.server = server;
    this.database = database;
    this.logins = logins;
  }

  async lend(tables: readonly TocEntry[]): Promise<void> {
    const more = tables.filter((table) => !this.given.has(table));
    if (more.length === 0) return;
    const to = await this.logins.neutral();
    const schemas = new Set(more.flatMap((table) => [table.schema ?? '', ...schemasIn(table)]));
    // Removed with the role.
    await this.inDatabase(async (client) => {
      const { rows } = await client.query<{ statement: string }>(
        `SELECT pg_catalog.format('GRANT USAGE ON SCHEMA %I TO %I', nspname, $2::text) AS statement FROM pg_catalog.pg_namespace WHERE nspname = ANY ($1)`,
        [[...schemas], to],
      );
      await execute(
        client,
        rows.map(({ statement }) => statement),
      );
    });
    await this.give(more, () => to);
    for (const table of more) this.given.add(table);
  }

  async giveBack(): Promise<void> {
    await this.give([...this.given], ({ owner }) => owner);
  }

  private inDatabase<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    return this.server.within(this.database, 'lending tables of superusers', work);
  }

  private async give(tables: readonly TocEntry[], to: (table: TocEntry) => string): Promise<void> {
    if (tables.length === 0) return;
    await this.inDatabase((client) =>
      execute(
        client,
        tables.map((table) => {
          const name = `${quoteIdentifier(table.schema ?? '')}.${quoteIdentifier(table.name)}`;
          return `ALTER TABLE ${name} OWNER TO ${quoteIdentifier(to(table))}`;
        }),
      ),
    );
  }
}
