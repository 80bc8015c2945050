import { isCodeOrType } from './exposure.ts';
import type { Server } from './server.ts';
import type { TocEntry } from './toc/toc.ts';

/** A default at the end of the line of a column; rows bring values for it. */
const DEFAULT = /^( {4}[a-z_][a-z_0-9]* [a-z_][a-z_0-9 .,()[\]]*?) DEFAULT .*$/gm;

/** A column without an expression. The server begins the lines within an expression with key words. */
const PLAIN_COLUMN = /^ {4}[a-z_][a-z_0-9]* [a-z_][a-z_0-9 .,()[\]]*(?: NOT NULL)?,?$/gm;

const CALL = /([a-z_][a-z_0-9]*)\(/g;

/** A function or operator that is not PostgreSQL's. */
const FOREIGN_CALL = /\.(?:[^\s.("]+|"[^"]*")\(|OPERATOR\(/;

/**
 * Whether restoring the rows of some roles evaluates nothing but functions of PostgreSQL that compute a value. It
 * may call what has none of these functions dangerous, never the reverse.
 */
export async function needsNoLogin(
  server: Server,
  entries: readonly TocEntry[],
  roles: ReadonlySet<string>,
): Promise<boolean> {
  const theirs = entries.filter(({ owner }) => roles.has(owner));
  if (theirs.some(({ kind, definition }) => kind !== 'VIEW' && isCodeOrType({ kind, definition })))
    return false;
  const definitions = theirs
    .filter(({ kind }) => kind === 'TABLE' || kind === 'CHECK CONSTRAINT' || kind === 'TABLE ATTACH')
    .map(({ definition }) => definition);
  // A line within a text or a name can look like a column.
  if (definitions.some((definition) => definition.split('\n').some(isCutInQuotes))) return false;
  const texts = definitions.map((definition) =>
    definition.replaceAll(DEFAULT, '$1').replaceAll(PLAIN_COLUMN, ''),
  );
  if (texts.some((text) => FOREIGN_CALL.test(text))) return false;
  const names = texts.flatMap((text) => [...text.matchAll(CALL)].map(([, name = '']) => name));
  const [row] = await server.ask<{ safe: boolean }>(
    'asking which functions only compute a value',
    `SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_proc WHERE proname = ANY ($1) AND provolatile <> 'i') AS safe`,
    [[...new Set(names)]],
  );
  return row?.safe === true;
}

function isCutInQuotes(line: string): boolean {
  return line.split("'").length % 2 === 0 || line.split('"').length % 2 === 0;
}
