import { BackupError, type ArtifactSource } from '@geolens/backup-core';
import {
  endedByOthers,
  describeEnd,
  type Judge,
  type ProgramEnvironment,
  programBytes,
} from '@geolens/backup-system';

/** One entry of a dump's table of contents, as `pg_restore --list` shows it. */
export interface TocEntry {
  /** The whole line, for `--use-list`. */
  readonly line: string;
  /**
   * The catalog and the object of the database that was dumped; 0 where there is none. Of rows and a
   * sequence's value, the object alone.
   */
  readonly catalog: number;
  readonly oid: number;
  /**
   * Kind, schema, name and owner, with a space between: `TABLE catalog datasets geolens`; without quotes, so
   * only ever compared as a whole.
   */
  readonly text: string;
}

/** What `--use-list` reads: these entries, in this order. */
export function useList(entries: readonly TocEntry[]): string {
  return entries.map(({ line }) => `${line}\n`).join('');
}

export interface Toc {
  readonly entries: readonly TocEntry[];
  /** The server that was dumped: `15.18`. */
  readonly serverVersion: string;
  /** The pg_dump that did it: `17.2`. */
  readonly clientVersion: string;
  /** The database that was dumped. */
  readonly database: string | undefined;
}

export interface TocOptions {
  readonly pgRestore: string;
  readonly env: ProgramEnvironment;
  readonly signal: AbortSignal;
}

/**
 * Reads the table of contents of a dump.
 * @throws BackupError ARTIFACT_UNREADABLE when this pg_restore cannot read it
 */
export async function readToc(dump: ArtifactSource, { pgRestore, env, signal }: TocOptions): Promise<Toc> {
  const judge: Judge = (end) =>
    end.code === 0
      ? undefined
      : (endedByOthers('pg_restore --list', end) ??
        new BackupError(
          'ARTIFACT_UNREADABLE',
          `its table of contents cannot be read: ${describeEnd('pg_restore --list', end)}`,
        ));
  const [file, content] =
    dump.path === undefined ? [[], dump.open(undefined, { reuseBuffer: true })] : [[dump.path], undefined];
  const listing = await programBytes(pgRestore, ['--list', ...file], content, { env, signal }, judge);
  return parseToc(listing.toString('utf8'));
}

/** Reads what `pg_restore --list` prints. */
export function parseToc(listing: string): Toc {
  const lines = listing.split('\n');
  const header = (name: string): string | undefined =>
    lines.find((line) => line.startsWith(`;     ${name}: `))?.slice(`;     ${name}: `.length);
  const entries = lines.flatMap((line) => {
    const [, catalog, oid, text] = /^\d+; (\d+) (\d+) (.*)$/.exec(line) ?? [];
    return text === undefined ? [] : [{ line, catalog: Number(catalog), oid: Number(oid), text }];
  });
  const version = (name: string): string => header(name)?.split(' ')[0] ?? '';
  return {
    entries,
    serverVersion: version('Dumped from database version'),
    clientVersion: version('Dumped by pg_dump version'),
    database: header('dbname'),
  };
}

/** Whether an entry is of this kind, schema and name, whoever owns it. */
export function isNamed({ text }: TocEntry, kind: string, schema: string, name: string): boolean {
  const prefix = sanitized(`${kind} ${schema} ${name} `);
  return `${text} `.startsWith(prefix);
}

/**
 * The text of an entry without its owner: who that is differs between a dump and what is restored from it.
 */
export function withoutOwner(text: string, roles: readonly string[]): string {
  const owner = roles
    .filter((role) => text.endsWith(` ${sanitized(role)}`))
    .sort((one, other) => other.length - one.length)[0];
  return owner === undefined ? text.replace(/ \S*$/, '') : text.slice(0, -owner.length - 1);
}

/** pg_restore writes names with line feeds on one line. */
export function sanitized(name: string): string {
  return name.replace(/[\r\n]/g, ' ');
}

/** The names of the extensions that the dump makes. */
export function extensionsOf({ entries }: Toc): readonly string[] {
  return entries.flatMap(({ text }) => /^EXTENSION - (\S+)/.exec(text)?.[1] ?? []);
}

/** What stands in a schema, for the search of schemas that the dump has things in without making them. */
const IN_A_SCHEMA =
  /^(?:TABLE|VIEW|MATERIALIZED VIEW|SEQUENCE|FUNCTION|PROCEDURE|AGGREGATE|TYPE|DOMAIN) (\S+) /;

const ALWAYS_THERE = ['public', 'pg_catalog', '-'];

/** Schemas that the dump has something in, but does not make: dumps of single tables are so. */
export function missingSchemasOf({ entries }: Toc): readonly string[] {
  const made = new Set(entries.flatMap(({ text }) => /^SCHEMA - (\S+)/.exec(text)?.[1] ?? []));
  // What has no object of its own is no such thing: `TABLE DATA`, `SEQUENCE SET`, `TABLE ATTACH`.
  const used = new Set(
    entries.filter(({ catalog }) => catalog !== 0).flatMap(({ text }) => IN_A_SCHEMA.exec(text)?.[1] ?? []),
  );
  return [...used].filter((schema) => !made.has(schema) && !ALWAYS_THERE.includes(schema));
}
