import { createHash } from 'node:crypto';
import type { ClusterClient } from '../../../support/cluster-client.ts';

const LONGEST_SHOWN = 1500;

const LARGE_OBJECTS = `SELECT 'large object ' || oid, md5(lo_get(oid)), obj_description(oid, 'pg_largeobject') FROM pg_largeobject_metadata`;

/**
 * All of a database as pg_dump tells it, an item for each entry, sorted: the order of a dump is not the same
 * after a restore where things need each other, nor that of rows in their file. Long ones by their digest.
 * Large objects apart: pg_dump groups them by their rights.
 */
export async function stateOf(
  client: ClusterClient,
  database: string,
  args: readonly string[] = [],
): Promise<readonly string[]> {
  const text = await client.run('pg_dump', [
    ...args,
    '--no-blobs',
    '-d',
    `dbname='${database.replace(/['\\]/g, '\\$&')}'`,
  ]);
  const entries = text.replace(/^\\(un)?restrict .*\n/gm, '').split(/\n\n+(?=--\n-- (?:Data for )?Name: )/);
  return [
    ...entries.map((entry) => shortened(withSortedRows(entry.trim()))),
    ...(await client.psql(database, LARGE_OBJECTS)).split('\n'),
  ].sort();
}

function withSortedRows(entry: string): string {
  if (/^--\n-- Name: .*; Type: ACL;/.test(entry)) return entry.split('\n').sort().join('\n');
  if (!entry.startsWith('--\n-- Data for Name: ')) return entry;
  return entry.replace(
    /(\nCOPY [^\n]* FROM stdin;\n)([^]*)(?=\n\\\.)/,
    (_, head: string, rows: string) => head + rows.split('\n').sort().join('\n'),
  );
}

function shortened(entry: string): string {
  if (entry.length <= LONGEST_SHOWN) return entry;
  return `${entry.slice(0, LONGEST_SHOWN / 2)} … ${createHash('sha256').update(entry).digest('hex')}`;
}

/** What one list has and the other has not: short to read, where lists are long. */
export function difference(
  before: readonly string[],
  after: readonly string[],
): { readonly lost: readonly string[]; readonly more: readonly string[] } {
  const [then, now] = [new Set(before), new Set(after)];
  return { lost: before.filter((entry) => !now.has(entry)), more: after.filter((entry) => !then.has(entry)) };
}

export const NONE = { lost: [], more: [] };

/** The lines of an answer of psql that differ. */
export function differentLines(before: string, after: string): ReturnType<typeof difference> {
  return difference(before.split('\n'), after.split('\n'));
}
