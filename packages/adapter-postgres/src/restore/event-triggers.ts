import type pg from 'pg';
import { quoteIdentifier, quoteLiteral } from '../connection/identifiers.ts';
import { execute, executeTogether } from './execute.ts';
import type { Server } from './server.ts';

/*
 * The statements of a restore itself fire no event trigger. Before PostgreSQL 17 no setting prevents all of
 * them (session_replication_role does not stop ENABLE ALWAYS), so the restore disables them. Statements about
 * event triggers fire none.
 */

/** Statements to run around those of a restore, in the same transaction: other sessions see no difference. */
export interface EventTriggerSilence {
  readonly disable: readonly string[];
  /** Restores the original state of the event triggers. */
  readonly enable: readonly string[];
}

const ENABLE: Readonly<Record<string, string>> = { O: 'ENABLE', R: 'ENABLE REPLICA', A: 'ENABLE ALWAYS' };

interface EventTrigger {
  readonly name: string;
  /** `O`, `R` or `A`. */
  readonly state: string;
  readonly comment: string | null;
}

const ENABLED = `
  SELECT evtname AS name, evtenabled AS state, pg_catalog.obj_description(oid, 'pg_event_trigger') AS comment
    FROM pg_catalog.pg_event_trigger WHERE evtenabled <> 'D' ORDER BY evtname`;

/** Returns the statements for a transaction; none for a role that may not disable event triggers. */
export async function eventTriggerSilence(
  client: pg.Client,
  { superuser }: Pick<Server, 'superuser'>,
): Promise<EventTriggerSilence> {
  const { rows } = superuser ? await client.query<EventTrigger>(ENABLED) : { rows: [] };
  return {
    disable: rows.map(({ name }) => `ALTER EVENT TRIGGER ${quoteIdentifier(name)} DISABLE;`),
    enable: rows.map(({ name, state }) => enabling(name, state)),
  };
}

/** Runs work in a transaction during which no event trigger fires. */
export async function withoutEventTriggers<T>(
  client: pg.Client,
  server: Pick<Server, 'superuser'>,
  work: () => Promise<T>,
): Promise<T> {
  const { disable, enable } = await eventTriggerSilence(client, server);
  await execute(client, ['BEGIN', ...disable]);
  const result = await work();
  await execute(client, [...enable, 'COMMIT']);
  return result;
}

function enabling(name: string, state: string): string {
  return `ALTER EVENT TRIGGER ${quoteIdentifier(name)} ${ENABLE[state] ?? 'ENABLE'};`;
}

/** Matches the comment of an event trigger that a restore disabled: its state and its original comment. */
const MARK = /^geolens-backup disabled this event trigger while it restores \(([ORA])\)(?:: ([^]*))?$/;

/**
 * Disables the event triggers of a database until `enableEventTriggers`, and records their state in their
 * comments. Only superusers own event triggers, so no other role can write such a comment.
 */
export async function disableEventTriggers(server: Server, database: string): Promise<void> {
  if (!server.superuser) return;
  await server.within(database, 'disabling event triggers', async (client) => {
    const { rows } = await client.query<EventTrigger>(ENABLED);
    const statements = rows.flatMap(({ name, state, comment }) => {
      const mark = `geolens-backup disabled this event trigger while it restores (${state})${comment === null ? '' : `: ${comment}`}`;
      return [commenting(name, mark), `ALTER EVENT TRIGGER ${quoteIdentifier(name)} DISABLE`];
    });
    await executeTogether(client, statements);
  });
}

/**
 * Restores the state of existing event triggers that a restore disabled.
 * @returns their names
 */
export async function enableEventTriggers(
  client: pg.Client,
  { superuser }: Pick<Server, 'superuser'>,
): Promise<readonly string[]> {
  if (!superuser) return [];
  const { rows } = await client.query<Omit<EventTrigger, 'state'>>(
    `SELECT evtname AS name, pg_catalog.obj_description(oid, 'pg_event_trigger') AS comment
       FROM pg_catalog.pg_event_trigger WHERE evtenabled = 'D' ORDER BY evtname`,
  );
  const disabled = rows.flatMap(({ name, comment }) => {
    const [, state, before] = MARK.exec(comment ?? '') ?? [];
    return state === undefined ? [] : [{ name, state, before }];
  });
  await executeTogether(
    client,
    disabled.flatMap(({ name, state, before }) => [enabling(name, state), commenting(name, before)]),
  );
  return disabled.map(({ name }) => name);
}

function commenting(name: string, comment: string | undefined): string {
  return `COMMENT ON EVENT TRIGGER ${quoteIdentifier(name)} IS ${comment === undefined ? 'NULL' : quoteLiteral(comment)}`;
}
