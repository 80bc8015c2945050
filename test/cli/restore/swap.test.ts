import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { newestCluster, type TestDatabase } from '../../support/clusters.ts';
import { newRestorer } from './support/restorer.ts';

/**
 * What a server answers to whom it does not let in now. A name that has just gone to another database is
 * `3D000`.
 */
const REFUSED = ['57P01', '57P03', '55000', '55006', '3D000', 'ECONNRESET'];

/**
 * Comes back all the time, and asks. What it hears, in order: a word of the database, or the code of what
 * kept it from hearing one.
 */
async function keepAsking(
  { host, port, user, database }: TestDatabase,
  heard: string[],
  until: AbortSignal,
): Promise<void> {
  while (!until.aborted) {
    const client = new pg.Client({ host, port, user, database });
    client.on('error', () => undefined);
    try {
      await client.connect();
      heard.push(
        (await client.query<{ word: string }>('SELECT word FROM data.age')).rows
          .map(({ word }) => word)
          .join(),
      );
    } catch (error) {
      heard.push((error as { code?: string }).code ?? String(error));
    }
    await client.end().catch(() => undefined);
  }
}

describe.each(newestCluster())('while databases are swapped on $title', (cluster) => {
  it('clients that come back all the time hear the old or the new one, or are refused', async () => {
    const restorer = await newRestorer(cluster, { content: 'small' });
    await restorer.ask(`CREATE TABLE data.age AS SELECT 'new' AS word`);
    await restorer.goodRun();
    await restorer.ask(`UPDATE data.age SET word = 'old'`);
    const over = new AbortController();
    const clients: readonly string[][] = [[], [], []];
    const asking = clients.map((heard) => keepAsking(restorer.database, heard, over.signal));
    await expect.poll(() => clients.every((heard) => heard.length > 0)).toBe(true);
    await restorer.goodRestore(['latest']);
    await expect
      .poll(() => clients.map((heard) => heard.at(-1)), { timeout: 10_000 })
      .toEqual(['new', 'new', 'new']);
    over.abort();
    await Promise.all(asking);
    for (const heard of clients) {
      const order = [...heard].filter((word) => !REFUSED.includes(word));
      expect(order.filter((word, index) => word !== order[index - 1])).toEqual(['old', 'new']);
    }
    expect(await restorer.ask('SELECT word FROM data.age')).toBe('new');
  });
});
