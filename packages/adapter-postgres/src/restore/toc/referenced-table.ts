import { IDENTIFIER, nameOf } from '../../connection/identifiers.ts';

/** The names of columns are read as names: they may hold any words. */
const COLUMNS = `(?:PERIOD )?${IDENTIFIER}`;

const FOREIGN_KEY = new RegExp(
  `FOREIGN KEY \\(${COLUMNS}(?:, ${COLUMNS})*\\) REFERENCES ((${IDENTIFIER})\\.(${IDENTIFIER}))\\(`,
  'u',
);

export interface ReferencedTable {
  /** As in a statement. */
  readonly named: string;
  readonly schema: string;
  readonly name: string;
}

/** Returns the table that a foreign key refers to; `undefined` if the definition is of something else. */
export function referencedTable(definition: string): ReferencedTable | undefined {
  const [, named = '', schema, name] = FOREIGN_KEY.exec(definition) ?? [];
  if (schema === undefined || name === undefined) return undefined;
  return { named, schema: nameOf(schema), name: nameOf(name) };
}
