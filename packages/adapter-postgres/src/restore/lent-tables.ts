import type pg from 'pg';
import { quoteIdentifier } from '../connection/identifiers.ts';
import { valuesOf } from '../connection/queries.ts';
import { execute } from './execute.ts';
import { schemasIn, type Exposure } from './exposure.ts';
import type { OwnerLogins } from './owner-logins.ts';
import type { Server } from './server.ts';
import type { TocEntry } from './toc/toc.ts';

/** Matches a routine that runs with the rights of its owner. */
export const GIVES_RIGHTS = /\bSECURITY DEFINER\b/;

/** Tables of superusers that a role without rights owns for a time: others' code would run as the owner. */
export class LentTables {
  private readonly given = new Set<TocEntry>();
  private readonly server: Server;
  private readonly database: string;
  private readonly logins: OwnerLogins;
  private readonly exposure: Exposure;

  constructor(server: Server, database: string, logins: OwnerLogins, exposure: Exposure) {
    this.server = server;
    this.database = database;
    this.logins = logins;
    this.exposure = exposure;
  }

  /** Changes the owner of exposed tables to the role without rights. */
  async lend(made: readonly TocEntry[]): Promise<void> {
    const tables = made.filter((table) => this.exposure.tables.has(table) && !this.given.has(table));
    if (tables.length === 0) return;
    await this.allow(made);
    const to = await this.logins.neutral();
    await this.give(tables, () => to);
    for (const table of tables) this.given.add(table);
  }

  async giveBack(): Promise<void> {
    await this.give([...this.given], ({ owner }) => owner);
  }

  /**
   * Grants the role without rights the use of existing objects that the tables name; the privileges end with
   * the role. Excludes routines with the rights of their owner, because other code may call them too.
   */
  async allow(made: readonly TocEntry[]): Promise<void> {
    const to = quoteIdentifier(await this.logins.neutral());
    const uses = made.filter(
      (entry) => this.exposure.uses.has(entry) && !GIVES_RIGHTS.test(entry.definition),
    );
    const schemas = new Set(
      [...this.exposure.tables].flatMap((table) => [table.schema ?? '', ...schemasIn(table)]),
    );
    await this.inDatabase(async (client) => {
      const onSchemas = await valuesOf(
        client,
        `SELECT pg_catalog.format('GRANT USAGE ON SCHEMA %I', nspname) FROM pg_catalog.pg_namespace WHERE nspname = ANY ($1)`,
        [[...schemas].filter((schema) => !schema.includes('\uFFFD'))],
      );
      const privileges = [...onSchemas, ...uses.map(privilegeOn)];
      await execute(
        client,
        privileges.map((privilege) => `${privilege} TO ${to}`),
        { goOn: true },
      );
    });
  }

  private inDatabase<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    return this.server.within(this.database, 'lending tables of superusers', work);
  }

  private async give(tables: readonly TocEntry[], to: (table: TocEntry) => string): Promise<void> {
    if (tables.length === 0) return;
    await this.inDatabase((client) =>
      execute(
        client,
        tables.map(
          (table) => `ALTER TABLE IF EXISTS ${namedIn(table)} OWNER TO ${quoteIdentifier(to(table))}`,
        ),
      ),
    );
  }
}

function privilegeOn(entry: TocEntry): string {
  const isType = entry.kind === 'TYPE' || entry.kind === 'DOMAIN';
  return `GRANT ${isType ? 'USAGE ON TYPE' : 'EXECUTE ON ROUTINE'} ${namedIn(entry)}`;
}

/** Returns the name of an entry's object as in its drop statement, for example `s.f(integer)`. */
export function namedIn({ kind, dropping }: TocEntry): string {
  return dropping.trim().replace(/;$/, '').slice(`DROP ${kind} `.length);
}
