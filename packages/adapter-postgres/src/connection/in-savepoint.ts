import type pg from 'pg';

/**
 * Runs work whose failure does not end the transaction of the session.
 * @throws the error of the work, or that of a session that is lost
 */
export async function inSavepoint<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  if (client.getTransactionStatus() !== 'T') return work();
  await client.query('SAVEPOINT geolens_backup');
  try {
    const result = await work();
    await client.query('RELEASE SAVEPOINT geolens_backup');
    return result;
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT geolens_backup; RELEASE SAVEPOINT geolens_backup');
    throw error;
  }
}
