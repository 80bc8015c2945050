import { describe, expect, it } from 'vitest';
import { type Manifest } from '../../src/index.ts';
import { compareRows } from '../../src/model/compare-rows.ts';

const manifest = (...rowCounts: readonly { schema: string; table: string; rows: number }[]): Manifest =>
  ({ artifacts: [{ kind: 'dump', rowCounts }] }) as unknown as Manifest;
const table = (name: string, rows: number): { schema: string; table: string; rows: number } => ({
  schema: 's',
  table: name,
  rows,
});

describe('the comparison of restored rows with those that were backed up', () => {
  it('finds nothing where they agree, and where nobody knows', () => {
    expect(
      compareRows(manifest(table('a', 1), table('b', 0)), [table('b', 0), table('a', 1), table('c', 5)]),
    ).toEqual([]);
    expect(compareRows(undefined, [table('a', 1)])).toEqual([]);
  });

  it('names each table with other rows, and each that is not there', () => {
    expect(compareRows(manifest(table('a', 1), table('b', 2)), [table('a', 2)])).toEqual([
      's.a has 2 rows, 1 were backed up',
      's.b is not there (2 rows were backed up)',
    ]);
  });

  it('does not mix up tables whose names look alike together', () => {
    expect(
      compareRows(manifest({ schema: 'a.b', table: 'c', rows: 1 }), [{ schema: 'a', table: 'b.c', rows: 1 }]),
    ).toHaveLength(1);
  });

  it('ends a long list', () => {
    const many = Array.from({ length: 25 }, (_, index) => table(`t${index}`, 1));
    expect(compareRows(manifest(...many), [])).toHaveLength(11);
    expect(compareRows(manifest(...many), []).at(-1)).toBe('and 15 more tables');
  });
});

describe('the restored rows of tables that belong to extensions', () => {
  const withRows = (rows: number): Manifest =>
    ({
      artifacts: [
        { kind: 'dump', rowCounts: [], extensionRowCounts: [{ schema: 'topology', table: 'layer', rows }] },
      ],
    }) as unknown as Manifest;

  it('may be more than the dump has, for the extension brings some, but never fewer', () => {
    const restored = [{ schema: 'topology', table: 'layer', rows: 5 }];
    expect(compareRows(withRows(5), restored)).toEqual([]);
    expect(compareRows(withRows(2), restored)).toEqual([]);
    expect(compareRows(withRows(6), restored)).toEqual(['topology.layer has 5 rows, 6 were backed up']);
    expect(compareRows(withRows(0), [])).toEqual(['topology.layer is not there (0 rows were backed up)']);
  });
});
