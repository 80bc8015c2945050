import { expect, it } from 'vitest';
import { referencedTable } from '../../../src/restore/toc/toc.ts';

const KEY = 'ALTER TABLE ONLY s.t\n    ADD CONSTRAINT key ';

it.each([
  ['FOREIGN KEY (a) REFERENCES s.k(id);', 's.k', ['s', 'k']],
  [
    'FOREIGN KEY (a, "B b") REFERENCES "S ""s"""."K"(id, x) ON DELETE CASCADE;',
    '"S ""s"""."K"',
    ['S "s"', 'K'],
  ],
  ['FOREIGN KEY ("x) REFERENCES app.t(") REFERENCES public.k(id) NOT VALID;', 'public.k', ['public', 'k']],
  ['FOREIGN KEY (" REFERENCES app.t(", a) REFERENCES public.k(id, b);', 'public.k', ['public', 'k']],
  ['FOREIGN KEY (a, PERIOD at) REFERENCES s.k(id, PERIOD at);', 's.k', ['s', 'k']],
])('the table that a foreign key refers to is found: %s', (constraint, named, [schema, name]) => {
  expect(referencedTable(KEY + constraint)).toEqual({ named, schema, name });
});

it('a check that speaks of a foreign key is none', () => {
  expect(referencedTable(`${KEY}CHECK ((a <> ' REFERENCES s.k('::text));`)).toBeUndefined();
});
