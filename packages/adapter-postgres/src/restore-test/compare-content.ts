import type pg from 'pg';
import { countText, numberText } from '@geolens/backup-core/internal';
import { reportLocally } from '../connection/local-report.ts';
import { valuesOf } from '../connection/queries.ts';
import type { Toc } from '../restore/toc/toc.ts';
import { counted, type DiagnosticResults } from './results.ts';

/** Maximum number of objects in a message. */
const SHOWN = 10;

/** Number of sequences that one query reads. */
const AT_ONCE = 200;

/** Excludes sequences of extensions. */
const SEQUENCES = `
  SELECT n.nspname AS schema, c.relname AS name, pg_catalog.format('%I.%I', n.nspname, c.relname) AS quoted, s.seqincrement::pg_catalog.text AS increment
    FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.deptype = 'e'
                        AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid)`;

interface Sequence {
  readonly schema: string;
  readonly name: string;
  readonly quoted: string;
  readonly increment: string;
}

/** Matches the end of `SELECT pg_catalog.setval('public.a_seq', 7, true);`. */
const SETVAL = /, (-?\d+), (true|false)\);\s*$/;

/**
 * Compares the sequences with the values of the dump. A sequence that would repeat values is a problem. One
 * that is further is a warning: the restore itself took values from it. Queries on sequences run no code of
 * the dump: sequences have no indexes, rules and policies.
 */
export async function compareSequences(superuser: pg.Client, { entries }: Toc): Promise<DiagnosticResults> {
  const { rows } = await superuser.query<Sequence>(SEQUENCES);
  const restored = new Map(rows.map((row) => [JSON.stringify([row.schema, row.name]), row]));
  const dumped = entries.flatMap(({ kind, schema, name, definition }) => {
    const [, last, called] = (kind === 'SEQUENCE SET' ? SETVAL.exec(definition) : undefined) ?? [];
    const sequence = restored.get(JSON.stringify([schema, name]));
    return last === undefined || sequence === undefined ? [] : [{ ...sequence, last, called }];
  });
  const behind: string[] = [];
  const ahead: string[] = [];
  for (let at = 0; at < dumped.length; at += AT_ONCE) {
    const some = dumped.slice(at, at + AT_ONCE);
    const query = some.map(
      ({ quoted }, index) =>
        `SELECT ${index} AS index, last_value::pg_catalog.text AS last, is_called::pg_catalog.text AS called FROM ${quoted}`,
    );
    const values = await superuser.query<{ index: number; last: string; called: string }>(
      query.join(' UNION ALL '),
    );
    for (const { index, ...now } of values.rows) {
      const then = some[index];
      if (then === undefined) continue;
      const increment = BigInt(then.increment);
      const taken = next(now, increment) - next(then, increment);
      if (taken === 0n) continue;
      reportLocally(
        `sequence ${then.quoted}: ${now.last}, called: ${now.called}; in the dump ${then.last}, called: ${then.called ?? ''}`,
      );
      (taken > 0n === increment > 0n ? ahead : behind).push(then.quoted);
    }
  }
  const same = dumped.length - behind.length - ahead.length;
  return {
    problems: sentenceOf(behind, (names) => `sequences are behind their values in the dump: ${names}`),
    warnings: sentenceOf(
      ahead,
      (names) => `sequences are further than in the dump, the restore took values: ${names}`,
    ),
    facts: same === 0 ? [] : [counted(same, 'sequence', 'sequences', 'at the value of the dump')],
  };
}

/** Returns the next value of a sequence. */
function next(
  { last, called }: { readonly last: string; readonly called?: string | undefined },
  increment: bigint,
): bigint {
  return BigInt(last) + (called === 'true' ? increment : 0n);
}

const ABSENT = `
  SELECT o.oid::pg_catalog.text AS oid FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS o (oid)
   WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata m WHERE m.oid = o.oid) ORDER BY o.oid`;

/** Returns which large objects of the dump the database lacks, in one sentence. */
export async function missingLargeObjects(
  superuser: pg.Client,
  { entries }: Toc,
): Promise<readonly string[]> {
  const dumped = largeObjectsIn({ entries });
  const absent = await valuesOf(superuser, ABSENT, [dumped]);
  return sentenceOf(
    absent,
    (oids) =>
      `${countText(absent.length, 'large object')} of ${numberText(dumped.length)} are not there: ${oids}`,
  );
}

/** Returns the OIDs of large objects. Since PostgreSQL 17, the definition of an entry lists many. */
export function largeObjectsIn({ entries }: Pick<Toc, 'entries'>): readonly string[] {
  return entries.flatMap(({ kind, name, definition }) =>
    kind === 'BLOB' ? [name] : kind === 'BLOB METADATA' ? (definition.match(/\d+/g) ?? []) : [],
  );
}

function sentenceOf(names: readonly string[], sentence: (names: string) => string): readonly string[] {
  if (names.length === 0) return [];
  const more = names.length > SHOWN ? ` and ${numberText(names.length - SHOWN)} more` : '';
  return [sentence(`${names.slice(0, SHOWN).join(', ')}${more}`)];
}
