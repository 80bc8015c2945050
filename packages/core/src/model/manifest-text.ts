import { parseArtifactName } from './artifact-name.ts';
import { TIERS, type Tier } from './tier.ts';
import { parseFields, type Fields } from './fields.ts';
import {
  CHECK_NAMES,
  MANIFEST_SCHEMA_VERSION,
  type Checks,
  type CheckResult,
  type Compression,
  type DatabaseProperties,
  type Extension,
  type Manifest,
  type ManifestArtifact,
  type Suspicion,
  type TableRows,
} from './manifest.ts';
import { withManifestChecksum } from './manifest-checksum.ts';

/** Lists with so many entries are kept as text. */
const LONG_LIST = 100;

/** What each entry of a list has besides its values. */
const FIELD_NAMES = '{"schema":"table":"rows":}';

/** Names of the checks in manifests, and in output for operators and programs. */
const WRITTEN_NAMES = { checksum: 'checksum', content: 'readable', restoreTest: 'restored' } as const;

/** A check in a manifest, and in output for programs. */
export interface WrittenCheck {
  readonly ok: boolean;
  /** When the check was made (ISO 8601, UTC). */
  readonly at: string;
  /** Why it failed. */
  readonly problem?: string | undefined;
  /** A restore test found rows that differ. */
  readonly damaged?: true | undefined;
  /** When an operator accepted the failed restore test (ISO 8601, UTC). */
  readonly acceptedAt?: string | undefined;
}

/** The checks in a manifest, and in output for programs. */
export type WrittenChecks = Readonly<
  Partial<Record<(typeof WRITTEN_NAMES)[keyof typeof WRITTEN_NAMES], WrittenCheck>>
>;

/** The manifest as it stands in its file: JSON, indented, with its checksum, with a line feed at its end. */
export function formatManifest(manifest: Manifest): string {
  return withManifestChecksum({ ...manifest, checks: formatChecks(manifest.checks) });
}

/** Returns the checks as manifests have them. Those that neither passed nor failed are left out. */
export function formatChecks(checks: Checks): WrittenChecks {
  return Object.fromEntries(
    CHECK_NAMES.flatMap((name) => {
      const { outcome, at, reason, damaged, acceptedAt } = checks[name] ?? {};
      if (at === undefined || (outcome !== 'passed' && outcome !== 'failed')) return [];
      const written = {
        ok: outcome === 'passed',
        at,
        ...(reason !== undefined && { problem: reason }),
        ...(damaged && { damaged }),
        ...(acceptedAt !== undefined && { acceptedAt }),
      };
      return [[WRITTEN_NAMES[name], written]];
    }),
  );
}

/**
 * Keeps lists of rows of many manifests in little memory: as text that is read when it is asked for, and the
 * names of the tables once if a manifest has the same as the one before.
 */
export class RowLists {
  /** Bytes that the lists so far take less than in their manifests. */
  saved = 0;
  private names = '';

  /** Returns what returns the list. */
  keep(counts: readonly TableRows[]): () => readonly TableRows[] {
    if (counts.length < LONG_LIST) return same(counts);
    const tables = JSON.stringify(counts.flatMap(({ schema, table }) => [schema, table]));
    this.saved += counts.length * FIELD_NAMES.length + (tables === this.names ? tables.length : 0);
    if (tables !== this.names) this.names = tables;
    return listOf(this.names, JSON.stringify(counts.map(({ rows }) => rows)));
  }
}

function same(counts: readonly TableRows[]): () => readonly TableRows[] {
  return () => counts;
}

/** A function of its own: one that is made where the list is would keep the list. */
function listOf(names: string, numbers: string): () => readonly TableRows[] {
  return () => {
    const tables = JSON.parse(names) as string[];
    return (JSON.parse(numbers) as number[]).map((rows, index) => ({
      schema: tables[2 * index] ?? '',
      table: tables[2 * index + 1] ?? '',
      rows,
    }));
  };
}

/**
 * Reads what formatManifest wrote, of this or an older version. Fields that it does not know are ignored.
 * @param lists those of the manifests before, if many are kept
 * @throws BackupError MANIFEST_TOO_NEW when its schemaVersion is newer, MANIFEST_INVALID when it is damaged
 */
export function parseManifest(text: string, lists = new RowLists()): Manifest {
  const root = parseFields(text, 'the manifest', MANIFEST_SCHEMA_VERSION);
  return {
    schemaVersion: MANIFEST_SCHEMA_VERSION,
    timestamp: root.timestamp('timestamp'),
    toolVersion: root.name('toolVersion'),
    database: root.name('database'),
    serverVersion: root.name('serverVersion'),
    clientVersion: root.name('clientVersion'),
    extensions: root.list('extensions', extension),
    ...(root.has('databaseProperties') && {
      databaseProperties: databaseProperties(root.fields('databaseProperties')),
    }),
    ...(root.has('databaseBytes') && { databaseBytes: root.count('databaseBytes') }),
    ...(root.has('preloadedLibraries') && { preloadedLibraries: root.words('preloadedLibraries') }),
    startedAt: root.name('startedAt'),
    finishedAt: root.name('finishedAt'),
    tiers: root.words('tiers').filter((tier): tier is Tier => TIERS.includes(tier as Tier)),
    artifacts: artifacts(root, lists),
    checks: root.has('checks') ? checks(root.fields('checks')) : {},
    ...(root.has('suspicion') && { suspicion: suspicion(root.fields('suspicion')) }),
    ...(root.has('acceptedAt') && { acceptedAt: root.name('acceptedAt') }),
    ...(root.has('acceptedSince') && { acceptedSince: root.timestamp('acceptedSince') }),
    warnings: root.has('warnings') ? root.words('warnings') : [],
  };
}

function extension(fields: Fields): Extension {
  return { name: fields.name('name'), version: fields.name('version') };
}

function databaseProperties(fields: Fields): DatabaseProperties {
  return {
    owner: fields.name('owner'),
    encoding: fields.name('encoding'),
    collate: fields.name('collate'),
    ctype: fields.name('ctype'),
    ...(fields.has('localeProvider') && { localeProvider: localeProvider(fields) }),
    ...(fields.has('locale') && { locale: fields.name('locale') }),
  };
}

/** A word of SQL, which a restore writes as it is. */
function localeProvider(fields: Fields): string {
  const word = fields.text('localeProvider');
  if (!/^[a-z]+$/.test(word)) throw fields.wrong('localeProvider', 'the name of a locale provider');
  return word;
}

function artifacts(root: Fields, lists: RowLists): readonly ManifestArtifact[] {
  const all = root.list('artifacts', (fields) => artifact(fields, lists));
  if (new Set(all.map(({ kind }) => kind)).size < all.length)
    throw root.wrong('artifacts', 'a list of artifacts of different kinds');
  return all;
}

function artifact(fields: Fields, lists: RowLists): ManifestArtifact {
  const name = fields.name('name');
  const kind = parseArtifactName(name)?.kind;
  if (kind === undefined || kind === 'manifest' || kind === 'state')
    throw fields.wrong('name', 'the name of a dump, archive or globals');
  const sha256 = fields.text('sha256');
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw fields.wrong('sha256', '64 lower-case hex digits');
  const described: ManifestArtifact = {
    kind,
    name,
    bytes: fields.count('bytes'),
    sha256,
    ...(fields.has('compression') && { compression: fields.name('compression') as Compression }),
    ...(fields.has('tableCount') && { tableCount: fields.count('tableCount') }),
    ...(fields.has('members') && { members: fields.count('members') }),
  };
  for (const list of ['rowCounts', 'extensionRowCounts'] as const)
    if (fields.has(list))
      Object.defineProperty(described, list, {
        enumerable: true,
        get: lists.keep(fields.list(list, tableRows)),
      });
  return described;
}

function tableRows(fields: Fields): TableRows {
  return { schema: fields.name('schema'), table: fields.name('table'), rows: fields.count('rows') };
}

function suspicion(fields: Fields): Suspicion {
  return { reasons: fields.words('reasons'), at: fields.name('at') };
}

function checks(fields: Fields): Checks {
  return Object.fromEntries(
    CHECK_NAMES.filter((name) => fields.has(WRITTEN_NAMES[name])).map((name): [string, CheckResult] => {
      const check = fields.fields(WRITTEN_NAMES[name]);
      const result = { outcome: check.flag('ok') ? 'passed' : 'failed', at: check.name('at') } as const;
      return [name, check.has('problem') ? { ...result, reason: check.text('problem') } : result];
    }),
  );
}
