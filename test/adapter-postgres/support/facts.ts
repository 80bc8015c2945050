import { fileURLToPath } from 'node:url';
import type { ClusterClient } from '../../support/cluster-client.ts';

const CATALOG_FACTS = { file: fileURLToPath(new URL('catalog-facts.sql', import.meta.url)) };

/** Names of triggers that the server makes have the number of an object. */
const NUMBERED_TRIGGER = /((?:RI|Unique)_ConstraintTrigger\w*?)_\d+/g;

/** Objects of the session that asks, and tables whose names have a number. */
const OF_SERVER = /pg_toast|pg_temp/;

/** Lines that stand between the entries of a dump, in places that depend on its order. */
const BETWEEN_ENTRIES = /^(?:SET default_\w+ = .*;|\\(?:un)?restrict .*|--.*)?\n/gm;

/** Returns the content of a database as texts that are equal for a database and its faithful restore. */
export async function factsOf(client: ClusterClient, database: string): Promise<readonly string[]> {
  const [facts, definitions] = await Promise.all([
    client.psql(database, CATALOG_FACTS),
    client.run('pg_dump', ['--schema-only', `--dbname=dbname='${database}'`]),
  ]);
  return [
    ...facts
      .split('\0')
      .filter((fact) => !OF_SERVER.test(fact))
      .map((fact) => fact.replaceAll(NUMBERED_TRIGGER, '$1').trim()),
    ...definitions.split(/^-- Name: /m).map(entryOf),
  ].sort();
}

/** The order of the privileges of an object is that in which they were granted. */
function entryOf(text: string): string {
  const lines = text.replaceAll(BETWEEN_ENTRIES, '').trim().split('\n');
  return /; Type: (?:DEFAULT )?ACL;/.test(text) ? lines.sort().join('\n') : lines.join('\n');
}

const SHOWN = 10;
const SHOWN_CHARACTERS = 600;

/** Returns what one database has and the other has not, and the reverse; empty if they are the same. */
export function differences(before: readonly string[], after: readonly string[]): readonly string[] {
  return [...shown('lost', without(before, after)), ...shown('added', without(after, before))];
}

function shown(what: string, facts: readonly string[]): readonly string[] {
  const more = facts.length - SHOWN;
  const lines = facts.slice(0, SHOWN).map((fact) => `${what}: ${fact.slice(0, SHOWN_CHARACTERS)}`);
  return more > 0 ? [...lines, `${what}: ${more} more`] : lines;
}

/** Returns the facts that the others do not have as often. */
function without(facts: readonly string[], others: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const other of others) counts.set(other, (counts.get(other) ?? 0) + 1);
  return facts.filter((fact) => {
    const count = counts.get(fact) ?? 0;
    counts.set(fact, count - 1);
    return count <= 0;
  });
}
