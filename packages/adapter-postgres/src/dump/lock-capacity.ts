import type pg from 'pg';
import { oneRow } from '../connection/one-row.ts';

/** As many objects can be locked on a server at once; every session that locks one takes a little more. */
const CAPACITY = `
  SELECT pg_catalog.current_setting('max_locks_per_transaction')::pg_catalog.int8
         * (pg_catalog.current_setting('max_connections')::pg_catalog.int8
            + pg_catalog.current_setting('max_prepared_transactions')::pg_catalog.int8) AS locks`;

/** How many tables a server can keep locked. */
export class LockCapacity {
  /** Number of locks that the server has memory for. */
  readonly locks: number;

  constructor(locks: number) {
    this.locks = locks;
  }

  /** Whether two sessions can lock as many tables at once, and half of the locks are left to others. */
  isEnoughForTwo(tables: number): boolean {
    return tables * 2 <= this.locks;
  }
}

export async function lockCapacityOf(client: pg.Client): Promise<LockCapacity> {
  const { rows } = await client.query<{ locks: string }>(CAPACITY);
  return new LockCapacity(Number(oneRow(rows).locks));
}
