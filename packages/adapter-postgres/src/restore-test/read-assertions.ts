import { isUtf8 } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import { BackupError } from '@geolens/backup-core';
import { itemsOf } from '../connection/sql-text.ts';

/** A file of queries that must return no row. */
export interface AssertionsFile {
  readonly path: string;
  /** Name of the setting that gives the file, for messages. */
  readonly label: string;
  /** Maximum duration of each query, in milliseconds. Defaults to a day, the maximum. */
  readonly timeout?: number | undefined;
}

/** A query that must return no row. */
export interface Assertion {
  /** Number and preceding comment line, for example `assertion 2 (every order has a customer)`. */
  readonly name: string;
  /** One statement, with or without its semicolon. */
  readonly sql: string;
}

const MAX_BYTES = 2 ** 20;

const MAX_TITLE = 120;

/**
 * Reads the queries of a file.
 * @throws BackupError CONFIG_INVALID if the file cannot be read or has no query; the message has the label
 */
export async function readAssertions({ path, label }: AssertionsFile): Promise<readonly Assertion[]> {
  const wrong = (why: string): BackupError =>
    new BackupError('CONFIG_INVALID', `${label} names ${path}, which ${why}`, {
      hint: `Name a UTF-8 file of queries that each must return no row, or unset ${label}`,
    });
  let bytes: Buffer;
  try {
    const about = await stat(path);
    if (!about.isFile()) throw new Error('it is no file');
    if (about.size > MAX_BYTES) throw new Error(`it is longer than ${MAX_BYTES} bytes`);
    bytes = await readFile(path);
  } catch (error) {
    throw wrong(`cannot be read: ${(error as Error).message}`);
  }
  if (!isUtf8(bytes) || bytes.includes(0)) throw wrong('is not UTF-8 text');
  const text = bytes.toString().replace(/^\ufeff/, '');
  const command = [...itemsOf(text)].find(({ kind }) => kind === 'command');
  if (command !== undefined) throw wrong(`has a command of psql: ${command.text.split(/\s/, 1)[0] ?? ''}`);
  const assertions = assertionsIn(text);
  if (assertions.length === 0) throw wrong('has no query');
  return assertions;
}

/** Splits SQL text into its statements. */
export function assertionsIn(text: string): readonly Assertion[] {
  const assertions: Assertion[] = [];
  let title = '';
  let commentEnd: number | undefined;
  for (const { kind, text: item, start } of itemsOf(text)) {
    if (kind === 'comment') {
      // A comment after a statement does not name the next one.
      const line = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
      if (start > 0 && line.trim() !== '') continue;
      // The first line of the block next to the statement.
      if (commentEnd === undefined || text.slice(commentEnd, start).split('\n').length !== 2)
        title = titleOf(item);
      commentEnd = start + item.length;
      continue;
    }
    if (item !== ';') {
      const number = `assertion ${assertions.length + 1}`;
      assertions.push({ name: title === '' ? number : `${number} (${title})`, sql: item });
    }
    title = '';
    commentEnd = undefined;
  }
  return assertions;
}

function titleOf(comment: string): string {
  const text = comment.replace(/^(?:--|\/\*)[-*\s]*/, '').replace(/\*\/$/, '');
  return (text.split('\n', 1)[0] ?? '')
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, MAX_TITLE);
}
