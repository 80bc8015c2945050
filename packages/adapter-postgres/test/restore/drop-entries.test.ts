import { expect, it } from 'vitest';
import { dropIfExists } from '../../src/restore/drop-entries.ts';

it.each([
  ['TABLE', 'DROP TABLE s.t;\n', 'DROP TABLE IF EXISTS s.t;\n'],
  ['MATERIALIZED VIEW', 'DROP MATERIALIZED VIEW s.m;\n', 'DROP MATERIALIZED VIEW IF EXISTS s.m;\n'],
  [
    'OPERATOR CLASS',
    'DROP OPERATOR CLASS s.o USING btree;\n',
    'DROP OPERATOR CLASS IF EXISTS s.o USING btree;\n',
  ],
  ['TRIGGER', 'DROP TRIGGER t ON s.t;\n', 'DROP TRIGGER IF EXISTS t ON s.t;\n'],
  [
    'CONSTRAINT',
    'ALTER TABLE ONLY s.t DROP CONSTRAINT c;\n',
    'ALTER TABLE IF EXISTS ONLY s.t DROP CONSTRAINT IF EXISTS c;\n',
  ],
  [
    'DEFAULT',
    'ALTER TABLE s.t ALTER COLUMN a DROP DEFAULT;\n',
    'ALTER TABLE IF EXISTS s.t ALTER COLUMN a DROP DEFAULT;\n',
  ],
  [
    'VIEW',
    'CREATE OR REPLACE VIEW s.v AS\nSELECT\n    NULL::integer AS a;\n',
    'CREATE OR REPLACE VIEW s.v AS\nSELECT\n    NULL::integer AS a;\n',
  ],
  ['ENCODING', '', ''],
])('a statement that drops a %s passes over one that is not there', (kind, dropping, statement) => {
  expect(dropIfExists({ kind, dropping })).toBe(statement);
});
