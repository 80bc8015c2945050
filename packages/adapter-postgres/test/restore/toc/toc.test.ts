import { describe, expect, it } from 'vitest';
import { missingSchemasOf, tocEntry, type TocEntry } from '../../../src/restore/toc/toc.ts';

describe('the schemas that a dump needs and does not make', () => {
  it('are those of its objects, not words of the kinds of what has no object of its own', () => {
    const entries = [
      entry(4603, 0, 'TABLE ATTACH', 'catalog', 'requests_2025'),
      entry(10, 1259, 'TABLE', 'catalog', 'datasets'),
      entry(11, 1259, 'SEQUENCE', 'data', 'numbers'),
      entry(4898, 0, 'MATERIALIZED VIEW DATA', 'views', 'collection_summary'),
      entry(4900, 0, 'TABLE DATA', 'rows', 'datasets'),
      entry(4930, 0, 'SEQUENCE OWNED BY', 'owned', 'jobs_number_seq'),
      entry(4932, 0, 'SEQUENCE SET', 'values', 'attributes_id_seq'),
    ];
    const toc = {
      entries,
      serverVersion: '15.18',
      clientVersion: '15.18',
      database: 'geo',
      encoding: 'UTF8',
    };
    expect(missingSchemasOf(toc)).toEqual(['catalog', 'data']);
  });
});

function entry(id: number, catalog: number, kind: string, schema: string, name: string): TocEntry {
  const [owner, definition, oid] = ['geolens', '', catalog === 0 ? 0 : 16_500];
  return tocEntry({
    id,
    catalog,
    oid,
    kind,
    schema,
    name,
    owner,
    definition,
    dropping: '',
    section: 'none',
    tablespace: undefined,
    dependencies: [],
  });
}
