import { dumpOf, type Manifest, type TableRows } from './manifest.ts';

/** Maximum number of differences that are listed individually. */
const SHOWN = 10;

/**
 * Returns how the restored tables differ from the manifest, one sentence each. Empty if the manifest has no
 * row counts. Tables missing from the manifest are ignored. An extension table may have more rows than the
 * dump, because the extension creates some of its own.
 */
export function compareRows(
  manifest: Manifest | undefined,
  restored: readonly TableRows[],
): readonly string[] {
  const { rowCounts = [], extensionRowCounts = [] } = (manifest && dumpOf(manifest)) ?? {};
  const found = new Map(restored.map(({ schema, table, rows }) => [JSON.stringify([schema, table]), rows]));
  const differing = (
    expected: readonly TableRows[],
    isRight: (now: number, rows: number) => boolean,
  ): readonly string[] =>
    expected.flatMap(({ schema, table, rows }) => {
      const now = found.get(JSON.stringify([schema, table]));
      if (now !== undefined && isRight(now, rows)) return [];
      return [
        now === undefined
          ? `${schema}.${table} is not there (${rows} rows were backed up)`
          : `${schema}.${table} has ${now} rows, ${rows} were backed up`,
      ];
    });
  const differences = [
    ...differing(rowCounts, (now, rows) => now === rows),
    ...differing(extensionRowCounts, (now, rows) => now >= rows),
  ];
  return differences.length <= SHOWN
    ? differences
    : [...differences.slice(0, SHOWN), `and ${differences.length - SHOWN} more tables`];
}
