import { describe, expect, it } from 'vitest';
import { tocEntry, type TocEntry } from '../../src/restore/toc/toc.ts';
import { namesIn, schemasIn } from '../../src/restore/exposure.ts';
import { TurnsByOwner } from '../../src/restore/turns-by-owner.ts';

let id = 0;

function entry(kind: string, definition: string, { owner = 'app', name = 'x' } = {}): TocEntry {
  return tocEntry({
    id: (id += 1),
    catalog: 0,
    oid: 0,
    kind,
    schema: 's',
    name,
    owner,
    section: 'pre-data',
    tablespace: undefined,
    definition,
    dropping: '',
    dependencies: [],
  });
}

const DOMAIN = entry('DOMAIN', 'CREATE DOMAIN s.d AS integer CHECK (s.f(VALUE));\n', { name: 'd' });
const ENUM = entry('TYPE', "CREATE TYPE s.e AS ENUM (\n    'a'\n);\n", { name: 'e' });

function turnOf(kind: string, definition: string, owner = 'app'): string {
  const one = entry(kind, definition, { owner });
  return new TurnsByOwner([DOMAIN, ENUM, one], new Set(['app'])).turnOf(one);
}

describe('an entry of a role that is no superuser is made', () => {
  it.each([
    ['a table', 'TABLE', 'CREATE TABLE s.x (\n    a integer,\n    CONSTRAINT c CHECK (s.f(a))\n);\n'],
    [
      'a generated column of built-in functions',
      'TABLE',
      'CREATE TABLE s.x (\n    a integer GENERATED ALWAYS AS (abs(b)) STORED\n);\n',
    ],
    ['an identity column', 'TABLE', 'CREATE TABLE s.x (\n    a s.d GENERATED ALWAYS AS IDENTITY\n);\n'],
    [
      'a partition key that is a column',
      'TABLE',
      'CREATE TABLE s.x (\n    a s.d\n)\nPARTITION BY RANGE (a);\n',
    ],
    ['a literal of an enum', 'VIEW', "CREATE VIEW s.x AS\n SELECT 'a'::s.e AS e;\n"],
    [
      'a literal of a domain in the body of a function',
      'FUNCTION',
      "CREATE FUNCTION s.x() RETURNS integer\n    LANGUAGE sql\n    AS $$ SELECT '1'::s.d $$;\n",
    ],
    ['an index on a function', 'INDEX', 'CREATE INDEX x ON s.t USING btree (s.f(a));\n'],
    [
      'an aggregate',
      'AGGREGATE',
      'CREATE AGGREGATE s.x(integer) (\n    SFUNC = s.f,\n    STYPE = integer\n);\n',
    ],
  ])('by the restoring role: %s', (_, kind, definition) => {
    expect(turnOf(kind, definition)).toBe('restorer');
  });

  it.each([
    [
      'a generated column that calls a function',
      'TABLE',
      'CREATE TABLE s.x (\n    a integer GENERATED ALWAYS AS (s.f(1)) STORED\n);\n',
    ],
    [
      'a partition key that calls a function',
      'TABLE',
      'CREATE TABLE s.x (\n    a integer\n)\nPARTITION BY RANGE (s.f(a));\n',
    ],
    ['a literal of a domain', 'VIEW', "CREATE VIEW s.x AS\n SELECT '1'::s.d AS d;\n"],
    [
      'a literal of an array of a domain',
      'DEFAULT',
      "ALTER TABLE ONLY s.t ALTER COLUMN a SET DEFAULT '{1}'::s.d[];\n",
    ],
    [
      'a literal of a domain with quotes in its name',
      'INDEX',
      `CREATE INDEX x ON s.t USING btree (a) WHERE (a = '1'::"s"."d");\n`,
    ],
    [
      'a literal of a domain as the default of an argument',
      'FUNCTION',
      "CREATE FUNCTION s.x(a integer DEFAULT '1'::s.d) RETURNS integer\n    LANGUAGE sql\n    AS $$ SELECT 1 $$;\n",
    ],
    [
      'a literal of a domain in a body that is read at once',
      'FUNCTION',
      "CREATE FUNCTION s.x() RETURNS integer\n    LANGUAGE sql\n    BEGIN ATOMIC\n SELECT '1'::s.d AS d;\nEND;\n",
    ],
    [
      'an initial state of an aggregate',
      'AGGREGATE',
      "CREATE AGGREGATE s.x(integer) (\n    SFUNC = s.f,\n    STYPE = s.d,\n    INITCOND = '1'\n);\n",
    ],
    [
      'a check with a literal of a domain',
      'CHECK CONSTRAINT',
      "ALTER TABLE s.t\n    ADD CONSTRAINT x CHECK ((a = '1'::s.d)) NOT VALID;\n",
    ],
    [
      'a literal of a domain after a text that looks like another',
      'TABLE',
      `CREATE TABLE s.x (\n    a text DEFAULT '''::y."'::text,\n    b integer DEFAULT '{1}'::s.d[],\n    "C" integer\n);\n`,
    ],
    [
      'a literal of a domain after a text that looks like a body',
      'FUNCTION',
      "CREATE FUNCTION s.x(a text DEFAULT '\n    AS $$'::text, b integer DEFAULT '1'::s.d) RETURNS integer\n    LANGUAGE sql\n    AS $$ SELECT 1 $$;\n",
    ],
    [
      'a literal of a domain after such a text in a body that is read',
      'FUNCTION',
      "CREATE FUNCTION s.x() RETURNS integer\n    LANGUAGE sql\n    BEGIN ATOMIC\n SELECT '\n    AS $$'::text, '1'::s.d;\nEND;\n",
    ],
    [
      'a partition key that calls a function after a column with a line feed',
      'TABLE',
      'CREATE TABLE s.x (\n    "a\nb" integer\n)\nPARTITION BY RANGE ("a\nb", s.f("a\nb"));\n',
    ],
  ])('by its owner: %s', (_, kind, definition) => {
    expect(turnOf(kind, definition)).toBe('owner');
    expect(turnOf(kind, definition, 'postgres')).not.toBe('owner');
  });

  it.each([
    ['TABLE ATTACH', 'attach'],
    ['INDEX ATTACH', 'attach'],
    ['FK CONSTRAINT', 'validate'],
    ['CHECK CONSTRAINT', 'validate'],
  ])('as the database decides, whatever the owner of the entry: %s', (kind, turn) => {
    for (const owner of ['app', 'postgres', '']) expect(turnOf(kind, '', owner)).toBe(turn);
  });
});

describe('entries are cut into batches', () => {
  it('of those that follow each other and are made in the same way', () => {
    const computed = 'CREATE TABLE s.x (\n    a integer GENERATED ALWAYS AS (s.f(1)) STORED\n);\n';
    const entries = [
      entry('SCHEMA', ''),
      entry('TABLE', computed),
      entry('TABLE', computed),
      entry('TABLE', computed, { owner: 'other' }),
      entry('VIEW', '', { owner: 'postgres' }),
      entry('FK CONSTRAINT', ''),
    ];
    const batches = new TurnsByOwner(entries, new Set(['app', 'other'])).batchesOf(entries);
    expect(batches.map(({ turn, owner, entries: { length } }) => [turn, owner, length])).toEqual([
      ['restorer', undefined, 1],
      ['owner', 'app', 2],
      ['owner', 'other', 1],
      ['restorer', undefined, 1],
      ['validate', undefined, 1],
    ]);
    expect(batches.flatMap((batch) => batch.entries)).toEqual(entries);
  });
});

it('the schemas that a definition names are found, in quotes too', () => {
  const one = entry(
    'TABLE',
    'CREATE TABLE s.x (\n    a "Ä b".t GENERATED ALWAYS AS (Other.f(1)) STORED\n);\n',
  );
  expect(schemasIn(one)).toEqual(['s', 'Ä b', 'other']);
});

it('a name in quotes hides no other name of a definition', () => {
  expect(namesIn('("a."(s.f(1)), "b")')).toContain('s.f');
  expect(namesIn('(OPERATOR(s.<"> x OPERATOR(s.===) y)')).toContain('s.===');
});
