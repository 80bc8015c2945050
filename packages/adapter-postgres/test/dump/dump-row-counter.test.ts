import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DumpRowCounter } from '../../src/dump/dump-row-counter.ts';

/** Text as pg_restore writes it of one table: its comment, its COPY statement, its rows. */
function copied({
  oid,
  name,
  rows,
}: {
  readonly oid: number;
  readonly name: string;
  readonly rows: readonly string[];
}): string {
  const inComment = name.replaceAll(/[\r\n]/g, ' ');
  const quoted = `"${name.replaceAll('"', '""')}"`;
  const escaped = rows
    .map((row) => `${row.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}\n`)
    .join('');
  return `--\n-- TOC entry ${oid + 7} (class 0 OID ${oid})\n-- Dependencies: 215\n-- Data for Name: ${inComment}; Type: TABLE DATA; Schema: public; Owner: x\n-- Data Pos: 3206\n--\n\nCOPY public.${quoted} (${quoted}) FROM stdin;\n${escaped}\\.\n\n\n`;
}

const HEAD = `--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\nSET client_encoding = 'UTF8';\nSELECT pg_catalog.set_config('search_path', '', false);\n\n`;
const OTHERS = [
  '',
  `--\n-- TOC entry 9 (class 2613 OID 99)\n-- Name: 99; Type: BLOB; Schema: -; Owner: x\n--\n\nSELECT pg_catalog.lo_create('99');\n\n\nALTER LARGE OBJECT 99 OWNER TO x;\n\n`,
  `BEGIN;\n\nSELECT pg_catalog.lo_open('99', 131072);\nSELECT pg_catalog.lowrite(0, '\\x5c2e0a434f5059');\nSELECT pg_catalog.lo_close(0);\n\nCOMMIT;\n\n`,
  `--\n-- TOC entry 8 (class 0 OID 98)\n-- Name: s; Type: SEQUENCE SET; Schema: public; Owner: x\n--\n\nSELECT pg_catalog.setval('public."COPY x FROM stdin;\n''"', 1, false);\n\n`,
];

function counted(text: string, cuts: readonly number[]): ReadonlyMap<string, number> {
  const bytes = Buffer.from(text);
  const ends = [...new Set([...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort(
    (one, other) => one - other,
  );
  const counter = new DumpRowCounter();
  let start = 0;
  for (const end of ends) {
    counter.add(bytes.subarray(start, end));
    start = end;
  }
  return counter.counts;
}

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0')),
  fc.constantFrom(
    '\\.',
    '\\',
    'COPY x FROM stdin;\n',
    '-- TOC entry 1 (class 0 OID 1)\n',
    `'`,
    '"',
    ';',
    '',
    '\n\\.\n',
    '.',
  ),
);

describe('the rows in the text of a dump', () => {
  it('are counted for each table, whatever names and values hold, and wherever the text is cut', () => {
    const tables = fc.uniqueArray(
      fc.record({
        oid: fc.integer({ min: 100, max: 1_000_000 }),
        name: hostile.map((name) => name || 'x'),
        rows: fc.array(hostile, { maxLength: 6 }),
        other: fc.constantFrom(...OTHERS),
      }),
      { selector: ({ oid }) => oid, maxLength: 5 },
    );
    fc.assert(
      fc.property(tables, fc.array(fc.nat(), { maxLength: 12 }), (all, cuts) => {
        const text = HEAD + all.map((table) => copied(table) + table.other).join('');
        expect(counted(text, cuts)).toEqual(new Map(all.map(({ oid, rows }) => [String(oid), rows.length])));
      }),
      { numRuns: 500 },
    );
  });

  it('are counted where every byte is a chunk of its own', () => {
    const text =
      HEAD +
      copied({ oid: 5, name: 'a"\n\\.\n;', rows: ['', '\\.', 'x'] }) +
      OTHERS.join('') +
      copied({ oid: 6, name: 'empty', rows: [] });
    expect(
      counted(
        text,
        Array.from({ length: text.length }, (_, at) => at),
      ),
    ).toEqual(
      new Map([
        ['5', 3],
        ['6', 0],
      ]),
    );
  });

  it('are none in a function, a comment or a literal that looks like COPY', () => {
    expect(
      counted(
        `${HEAD}COMMENT ON TABLE x IS 'COPY y FROM stdin;\n1\n\\.\n';\nCOPY x TO stdout;\n-- COPY z FROM stdin;\n`,
        [],
      ),
    ).toEqual(new Map());
  });
});
