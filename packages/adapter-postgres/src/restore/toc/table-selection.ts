import type { TableSelection } from '@geolens/backup-core';
import { IDENTIFIER, unquoteIdentifier } from '../../connection/identifiers.ts';
import { isNamed, type Toc } from './toc.ts';

export interface TableName {
  readonly schema: string;
  readonly table: string;
}

const QUOTED = new RegExp(`^(${IDENTIFIER})\\.(${IDENTIFIER})$`, 'u');

/** Finds the selected tables among those of the dump. Accepts names with dots with and without quotes. */
export function tablesMeant(
  toc: Toc,
  { tables, schemas }: TableSelection,
): { readonly tables: readonly TableName[]; readonly problems: readonly string[] } {
  const found: TableName[] = [];
  const problems: string[] = [];
  for (const text of tables) {
    const [meant, ...others] = readings(text).filter(({ schema, table }) =>
      toc.entries.some((entry) => isNamed(entry, 'TABLE', schema, table)),
    );
    if (meant === undefined)
      problems.push(
        `there is no table ${text} in the dump${text.includes('.') ? '' : ': its schema is missing'}. Write schema.table, as \`pg_restore --list\` has it`,
      );
    else if (others.length === 0) found.push(meant);
    else problems.push(`${text} can mean several tables of the dump. Write it with quotes: "schema"."table"`);
  }
  for (const schema of schemas) {
    if (!toc.entries.some((entry) => entry.kind === 'TABLE' && entry.schema === schema))
      problems.push(`there is no table in schema ${schema} in the dump`);
  }
  return { tables: found, problems };
}

/** Returns all readings of a text: SQL's own, and each dot as the one between schema and table. */
function readings(text: string): readonly TableName[] {
  const [, schema, table] = QUOTED.exec(text) ?? [];
  const quoted =
    schema === undefined || table === undefined
      ? []
      : [{ schema: unquoteIdentifier(schema), table: unquoteIdentifier(table) }];
  const parts = text.split('.');
  const plain = parts
    .slice(1)
    .map((_, index) => ({
      schema: parts.slice(0, index + 1).join('.'),
      table: parts.slice(index + 1).join('.'),
    }));
  const all = new Map([...quoted, ...plain].map((name) => [JSON.stringify(name), name]));
  return [...all.values()];
}
