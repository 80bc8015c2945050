import { BackupError, type ArtifactContent } from '@geolens/backup-core';
import {
  endedByOthers,
  describeEnd,
  type Judge,
  type ProgramEnvironment,
  programBytes,
} from '@geolens/backup-system';
import { encodeBytes, hasForeignBytes } from '../../connection/byte-text.ts';
import type { ArchiveEntry } from '../archive/entry.ts';
import { readArchive } from '../archive/read-archive.ts';
import { IDENTIFIER, nameOf } from '../../connection/identifiers.ts';

/**
 * One entry of a dump's table of contents that `pg_restore --list` shows. Bytes that are not UTF-8 are
 * replaced, as in texts that the server sends.
 */
export interface TocEntry extends ArchiveEntry {
  /** Kind, schema and name with spaces: `TABLE catalog datasets`. Unquoted, so only compared as a whole. */
  readonly label: string;
  /** The label and the owner. */
  readonly text: string;
  /** Definition with its original bytes, for the server. */
  readonly statement: string;
}

/** Returns the input of `--use-list`: these entries, in this order. */
export function useList(entries: readonly TocEntry[]): string {
  return entries.map(({ id, catalog, oid, text }) => `${id}; ${catalog} ${oid} ${text}\n`).join('');
}

export interface Toc {
  readonly entries: readonly TocEntry[];
  /** Version of the dumped server, for example `15.18`. */
  readonly serverVersion: string;
  /** Version of the pg_dump that wrote it, for example `17.2`. */
  readonly clientVersion: string;
  /** The dumped database. */
  readonly database: string;
  /** Encoding of the dump, by its name in PostgreSQL. */
  readonly encoding: string;
}

/**
 * Reads the table of contents of a dump. `pg_restore --list` shows that this pg_restore can read it, and
 * which entries it restores.
 * @throws BackupError ARTIFACT_UNREADABLE if this pg_restore cannot read it
 */
export async function readToc(
  dump: ArtifactContent,
  {
    pgRestore,
    env,
    signal,
  }: { readonly pgRestore: string; readonly env: ProgramEnvironment; readonly signal: AbortSignal },
): Promise<Toc> {
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
  const listed = new Set(
    [...listing.toString('latin1').matchAll(/^(\d+); \d+ \d+ /gm)].map(([, id]) => Number(id)),
  );
  const { entries, serverVersion, clientVersion, database, encoding } = await readArchive(dump.open());
  return {
    entries: entries.filter(({ id }) => listed.has(id)).map(tocEntry),
    serverVersion: serverVersion.split(' ')[0] ?? '',
    clientVersion: clientVersion.split(' ')[0] ?? '',
    database: shown(database),
    encoding,
  };
}

export function tocEntry(entry: ArchiveEntry): TocEntry {
  const [name, owner, schema] = [
    shown(entry.name),
    shown(entry.owner),
    entry.schema === undefined ? undefined : shown(entry.schema),
  ];
  const label = sanitized(`${entry.kind} ${schema ?? '-'} ${name}`);
  return {
    ...entry,
    name,
    owner,
    schema,
    definition: shown(entry.definition),
    statement: entry.definition,
    label,
    text: `${label} ${sanitized(owner)}`,
  };
}

function shown(text: string): string {
  return hasForeignBytes(text) ? encodeBytes(text).toString() : text;
}

/** Returns whether an entry has this kind, schema and name. */
export function isNamed(entry: TocEntry, kind: string, schema: string, name: string): boolean {
  return entry.kind === kind && entry.schema === schema && entry.name === name;
}

/** Returns a name as pg_restore writes it, with line feeds replaced. */
export function sanitized(name: string): string {
  return name.replace(/[\r\n]/g, ' ');
}

/** Returns the names of the extensions that the dump creates. */
export function extensionsOf({ entries }: Toc): readonly string[] {
  return entries.filter(({ kind }) => kind === 'EXTENSION').map(({ name }) => name);
}

const ALWAYS_THERE = ['public', 'pg_catalog'];

/** Returns schemas that the dump uses but does not create, as in dumps of single tables. */
export function missingSchemasOf({ entries }: Toc): readonly string[] {
  const made = new Set(entries.filter(({ kind }) => kind === 'SCHEMA').map(({ name }) => name));
  // Excludes entries without their own object: `TABLE DATA`, `SEQUENCE SET`, `TABLE ATTACH`.
  const used = new Set(entries.flatMap(({ catalog, schema }) => (catalog === 0 ? [] : (schema ?? []))));
  return [...used].filter((schema) => !made.has(schema) && !ALWAYS_THERE.includes(schema));
}

/** Column names are parsed as identifiers, because they may hold any words. */
const COLUMNS = `(?:PERIOD )?${IDENTIFIER}`;

const FOREIGN_KEY = new RegExp(
  `FOREIGN KEY \\(${COLUMNS}(?:, ${COLUMNS})*\\) REFERENCES ((${IDENTIFIER})\\.(${IDENTIFIER}))\\(`,
  'u',
);

export interface ReferencedTable {
  /** Name as in a statement. */
  readonly named: string;
  readonly schema: string;
  readonly name: string;
}

/** Returns the table that a foreign key refers to; `undefined` for other definitions. */
export function referencedTable(definition: string): ReferencedTable | undefined {
  const [, named = '', schema, name] = FOREIGN_KEY.exec(definition) ?? [];
  if (schema === undefined || name === undefined) return undefined;
  return { named, schema: nameOf(schema), name: nameOf(name) };
}
