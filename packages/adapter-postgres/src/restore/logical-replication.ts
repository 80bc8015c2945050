import { quoteIdentifier } from '../connection/identifiers.ts';
import { printableSql } from '../connection/byte-text.ts';
import { textRows } from '../connection/text-rows.ts';
import type { Server } from './server.ts';
import type { Toc } from './toc/toc.ts';

export interface LogicalSlot {
  readonly name: string;
  readonly plugin: string;
  readonly active: boolean;
  /** Bytes of WAL that the slot retains; `null` if it is invalidated. */
  readonly held: string | null;
}

export interface Subscription {
  readonly name: string;
  /** `undefined` if only a dump has the subscription. */
  readonly state?: SubscriptionState | undefined;
}

export interface SubscriptionState {
  readonly enabled: boolean;
  readonly slot: string | null;
  readonly publications: readonly string[];
}

export interface Publication {
  readonly name: string;
  /** `undefined` if only a dump has the publication. */
  readonly create?: string | undefined;
  /** Statement that assigns its tables again; `null` if it names none. */
  readonly setTables?: string | null | undefined;
}

/** Logical replication of a database or a dump. */
export interface LogicalReplication {
  readonly slots: readonly LogicalSlot[];
  readonly subscriptions: readonly Subscription[];
  readonly publications: readonly Publication[];
}

export const NO_REPLICATION: LogicalReplication = { slots: [], subscriptions: [], publications: [] };

const SLOTS = `
  SELECT slot_name AS name, plugin, active, pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), restart_lsn)::pg_catalog.int8 AS held
    FROM pg_catalog.pg_replication_slots WHERE database = $1 AND slot_type = 'logical' AND NOT temporary ORDER BY 1`;

const SUBSCRIPTIONS = `
  SELECT s.subname AS name, s.subenabled AS enabled, s.subslotname AS slot, pg_catalog.to_json(s.subpublications)::pg_catalog.text AS publications
    FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid WHERE d.datname = $1 ORDER BY 1`;

/** First PostgreSQL version with columns, row filters and schemas of publications. */
const FIRST_WITH_FILTERS = 15;

function publicationsQuery(serverMajor: number): string {
  const hasFilters = serverMajor >= FIRST_WITH_FILTERS;
  const limits = hasFilters
    ? `|| coalesce((SELECT ' (' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) || ')' FROM pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs)), '')
       || coalesce(' WHERE (' || pg_get_expr(r.prqual, r.prrelid) || ')', '')`
    : '';
  const schemas = hasFilters
    ? `, (SELECT 'TABLES IN SCHEMA ' || string_agg(quote_ident(n.nspname), ', ' ORDER BY n.nspname) FROM pg_publication_namespace s JOIN pg_namespace n ON n.oid = s.pnnspid WHERE s.pnpubid = p.oid)`
    : '';
  return `
    SELECT name, 'CREATE PUBLICATION ' || quoted || coalesce(' FOR ' || CASE WHEN puballtables THEN 'ALL TABLES' ELSE objects END, '') || ' WITH (' || options || ')' AS "create",
           CASE WHEN tables IS NOT NULL THEN 'ALTER PUBLICATION ' || quoted || ' SET ' || objects END AS "setTables"
      FROM (SELECT p.pubname AS name, p.puballtables, quote_ident(p.pubname) AS quoted, t.tables, nullif(concat_ws(', ', t.tables${schemas}), '') AS objects,
                   'publish = ' || quote_literal(concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END, CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END))
                   || CASE WHEN to_json(p)->>'pubviaroot' = 'true' THEN ', publish_via_partition_root = true' ELSE '' END AS options
              FROM pg_publication p CROSS JOIN LATERAL (
                   SELECT 'TABLE ' || string_agg('ONLY ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname) ${limits}, ', ' ORDER BY n.nspname, c.relname) AS tables
                     FROM pg_publication_rel r JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE r.prpubid = p.oid) t) q
     ORDER BY 1`;
}

interface SubscriptionRow {
  readonly name: string;
  readonly enabled: boolean;
  readonly slot: string | null;
  readonly publications: string;
}

/** Returns the logical replication of a database of the server; empty if the database does not exist. */
export async function logicalReplicationOf(server: Server, database: string): Promise<LogicalReplication> {
  if (!(await server.exists(database))) return NO_REPLICATION;
  const subscriptions = await textRows<SubscriptionRow>(
    server.client,
    SUBSCRIPTIONS,
    ['name', 'publications'],
    [database],
  );
  return {
    slots: await server.ask<LogicalSlot & Record<string, unknown>>('looking for replication slots', SLOTS, [
      database,
    ]),
    subscriptions: subscriptions.map(({ name, publications, ...state }) => ({
      name,
      state: { ...state, publications: JSON.parse(publications) as readonly string[] },
    })),
    publications: await server.within(database, 'reading publications', (client) =>
      textRows<Required<Publication>>(client, publicationsQuery(server.major), [
        'name',
        'create',
        'setTables',
      ]),
    ),
  };
}

/** Returns the logical replication of a dump. */
export function logicalReplicationIn({ entries }: Toc): LogicalReplication {
  const named = (kind: string): readonly { readonly name: string }[] =>
    entries.filter((entry) => entry.kind === kind).map(({ name }) => ({ name }));
  return { slots: [], subscriptions: named('SUBSCRIPTION'), publications: named('PUBLICATION') };
}

const SUBSCRIPTIONS_TO = `
  WITH RECURSIVE replaced AS (
    SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = ANY ($1) OR (n.nspname, c.relname) IN (SELECT * FROM ROWS FROM (pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[])))
    UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN replaced r ON r.oid = i.inhparent)
  SELECT DISTINCT s.subname AS name FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_subscription_rel r ON r.srsubid = s.oid
   WHERE r.srrelid IN (SELECT oid FROM replaced) ORDER BY 1`;

/** Returns the subscriptions that fill some of the tables. */
export async function subscriptionsTo(
  server: Server,
  database: string,
  {
    schemas,
    tables,
  }: {
    readonly schemas: readonly string[];
    readonly tables: readonly { readonly schema: string; readonly table: string }[];
  },
): Promise<readonly Subscription[]> {
  const values = [schemas, tables.map(({ schema }) => schema), tables.map(({ table }) => table)];
  return server.within(database, 'reading subscriptions', (client) =>
    textRows<{ name: string }>(client, SUBSCRIPTIONS_TO, ['name'], values),
  );
}

/** Returns a name for a message, in double quotes. */
export function quotedForMessage(name: string): string {
  return printableSql(quoteIdentifier(name));
}
