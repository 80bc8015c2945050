import { quoteIdentifier, quoteLiteral } from '../connection/identifiers.ts';
import { printableSql } from '../connection/byte-text.ts';
import {
  quotedForMessage,
  type LogicalReplication,
  type LogicalSlot,
  type Publication,
  type Subscription,
} from './logical-replication.ts';
import { sanitized } from './toc/toc.ts';

/** A planned or finished swap. */
export interface SwapView {
  readonly database: string;
  /** Logical replication of the old database, also if it was dropped. */
  readonly old: LogicalReplication;
  /** Name of the kept database; `undefined` before the swap. */
  readonly previous: string | undefined;
  /** Whether the old database was dropped. */
  readonly dropped: boolean;
  /** Logical replication of the restored database, existing or planned. */
  readonly restored: LogicalReplication;
}

/** Returns the effects of a swap on logical replication, one sentence each with the commands. */
export function adviceOnSwap({ database, old, previous, dropped, restored }: SwapView): readonly string[] {
  const place = previous === undefined ? 'the old database' : `database ${quotedForMessage(previous)}`;
  const own = `database ${quotedForMessage(database)}`;
  const subscriptions = dropped ? [] : old.subscriptions;
  return [
    ...old.slots.map((slot) =>
      dropped
        ? `${slotText(slot)} was dropped with the old database; ${remake(slot, own)}`
        : `${slotText(slot)} stays with ${place}, and holds WAL back until it is dropped, alone or with that database: ${code(drop(slot))} in ${place}; ${remake(slot, own)}`,
    ),
    ...subscriptions.map((subscription) => {
      const lost = find(restored.subscriptions, subscription) ? '' : '; the backup has no such subscription';
      return `${subscriptionText(subscription)} stays with ${place}${subscription.state?.enabled === true ? ', and goes on changing it' : ''}. Detach and drop it: ${code(...detach(subscription), `DROP SUBSCRIPTION ${quoteIdentifier(subscription.name)}`)} in ${place}${lost}`;
    }),
    ...restored.subscriptions.map((subscription) =>
      resumption(subscription, find(old.subscriptions, subscription), own),
    ),
    ...publicationsKept(old, restored),
    ...only(old.publications, restored.publications).map(
      ({ name, create = '' }) =>
        `publication ${quotedForMessage(name)} is not in the backup: ${code(create)} in ${own}`,
    ),
    ...only(restored.publications, old.publications).map(
      ({ name }) =>
        `publication ${quotedForMessage(name)} is in the backup, and not in the live database; unless it is wanted: ${code(`DROP PUBLICATION ${quoteIdentifier(name)}`)} in ${own}`,
    ),
  ];
}

/** Returns the effects of a restore onto the live database on logical replication. */
export function adviceInPlace(
  database: string,
  live: LogicalReplication,
  dump: LogicalReplication,
): readonly string[] {
  const own = `database ${quotedForMessage(database)}`;
  return [
    ...live.slots.map((slot) => staleConsumer(slot, own)),
    ...dump.subscriptions.map((subscription) =>
      resumption(subscription, find(live.subscriptions, subscription), own),
    ),
    ...only(live.subscriptions, dump.subscriptions).map((subscription) => lostTables(subscription, own)),
    ...publicationsKept(live, dump),
    ...only(live.publications, dump.publications).flatMap(({ name, setTables }) =>
      typeof setTables === 'string'
        ? [
            `publication ${quotedForMessage(name)} is not in the backup, and loses the tables that are made again: ${code(setTables)} in ${own}`,
          ]
        : [],
    ),
  ];
}

/** Returns the effects of a restore of single tables on logical replication. */
export function adviceOnTables(
  database: string,
  { slots }: LogicalReplication,
  subscriptions: readonly Subscription[],
): readonly string[] {
  const own = `database ${quotedForMessage(database)}`;
  return [
    ...slots.map((slot) => staleConsumer(slot, own)),
    ...subscriptions.map((subscription) => lostTables(subscription, own)),
  ];
}

function slotText({ name, plugin, active, held }: LogicalSlot): string {
  const wal = held === null ? 'no WAL held back' : `${held} bytes of WAL held back`;
  return `logical replication slot ${quotedForMessage(name)} (plugin ${quotedForMessage(plugin)}, ${active ? 'active' : 'inactive'}, ${wal})`;
}

function drop({ name }: LogicalSlot): string {
  return `SELECT pg_drop_replication_slot(${quoteLiteral(name)})`;
}

function remake({ name, plugin }: LogicalSlot, place: string): string {
  return `its consumer needs a new one: ${code(`SELECT pg_create_logical_replication_slot(${quoteLiteral(name)}, ${quoteLiteral(plugin)})`)} in ${place}`;
}

function staleConsumer(slot: LogicalSlot, place: string): string {
  return `${slotText(slot)} does not send the removal of the rows that are replaced. Copy the tables to its consumer again, or drop it: ${code(drop(slot))} in ${place}`;
}

function subscriptionText({ name, state }: Subscription): string {
  if (state === undefined) return `subscription ${quotedForMessage(name)}`;
  const slot = state.slot === null ? 'no slot' : `slot ${quotedForMessage(state.slot)}`;
  return `subscription ${quotedForMessage(name)} (${state.enabled ? 'enabled' : 'disabled'}, ${slot})`;
}

function detach({ name, state }: Subscription): readonly string[] {
  const alter = `ALTER SUBSCRIPTION ${quoteIdentifier(name)}`;
  return [
    ...(state?.enabled === true ? [`${alter} DISABLE`] : []),
    ...(state?.slot === null ? [] : [`${alter} SET (slot_name = NONE)`]),
  ];
}

/** Describes how a restored subscription takes over from the one in the old database. */
function resumption(restored: Subscription, old: Subscription | undefined, place: string): string {
  const alter = `ALTER SUBSCRIPTION ${quoteIdentifier(restored.name)}`;
  const slot =
    restored.state?.slot === null ? [`${alter} SET (slot_name = ${quoteLiteral(restored.name)})`] : [];
  const wanted = old?.state?.publications.map(quoteIdentifier).sort().join(', ');
  const has = restored.state?.publications.map(quoteIdentifier).sort().join(', ');
  const publications =
    wanted === undefined || has === undefined || wanted === has
      ? []
      : [`${alter} SET PUBLICATION ${wanted} WITH (refresh = false)`];
  const resume = [`${alter} ENABLE`, `${alter} REFRESH PUBLICATION WITH (copy_data = false)`];
  return `subscription ${quotedForMessage(restored.name)} is restored disabled. When nothing else uses its slot on the publisher, it goes on where that slot is: ${code(...slot, ...publications, ...resume)} in ${place}; changes between the backup and that point are missing`;
}

function lostTables({ name }: Subscription, place: string): string {
  return `subscription ${quotedForMessage(name)} does not fill tables that are made again. Afterwards: ${code(`ALTER SUBSCRIPTION ${quoteIdentifier(name)} REFRESH PUBLICATION WITH (copy_data = false)`)} in ${place}`;
}

/** Describes kept publications, if there are any: consumers must read them again. */
function publicationsKept(
  { slots, publications }: LogicalReplication,
  restored: LogicalReplication,
): readonly string[] {
  const both = publications.filter((publication) => find(restored.publications, publication));
  if (slots.length === 0 || both.length === 0) return [];
  const names = both.map(({ name }) => quotedForMessage(name)).join(', ');
  return [
    `publications come back as the backup has them: ${names}. On each subscriber: ${code('ALTER SUBSCRIPTION … REFRESH PUBLICATION')}`,
  ];
}

function find<T extends { readonly name: string }>(all: readonly T[], { name }: T): T | undefined {
  return all.find((one) => sanitized(one.name) === sanitized(name));
}

function only<T extends Publication | Subscription>(some: readonly T[], others: readonly T[]): readonly T[] {
  return some.filter((one) => find(others, one) === undefined);
}

function code(...statements: readonly string[]): string {
  return `\`${printableSql(statements.join('; '))}\``;
}
