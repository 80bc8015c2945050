import { describe, expect, it } from 'vitest';
import { missingSchemasOf, parseToc } from '../../../src/restore/toc/toc.ts';

describe('the schemas that a dump needs and does not make', () => {
  it('are those of its objects, not words of the kinds of what has no object of its own', () => {
    const toc = parseToc(`; 4603; 0 0 TABLE ATTACH catalog requests_2025 geolens
10; 1259 16500 TABLE catalog datasets geolens
11; 1259 16501 SEQUENCE data numbers geolens
4603; 0 0 TABLE ATTACH catalog requests_2025 geolens
4898; 0 17784 MATERIALIZED VIEW DATA catalog collection_summary geolens
4900; 0 16500 TABLE DATA catalog datasets geolens
4930; 0 0 SEQUENCE OWNED BY catalog jobs_number_seq geolens
4932; 0 0 SEQUENCE SET catalog attributes_id_seq geolens
`);
    expect(missingSchemasOf(toc)).toEqual(['catalog', 'data']);
  });
});
