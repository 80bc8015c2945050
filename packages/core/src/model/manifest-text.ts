import { parseArtifactName } from './artifact-name.ts';
import { TIERS, type Tier } from './tier.ts';
import { parseFields, type Fields } from './fields.ts';
import {
  CHECK_NAMES,
  ENCRYPTED_SCHEMA_VERSION,
  MANIFEST_SCHEMA_VERSION,
  type Checks,
  type CheckResult,
  type Compression,
  type ContentDigest,
  type DatabaseProperties,
  type Encryption,
  type Extension,
  type Manifest,
  type ManifestArtifact,
  type Suspicion,
  type TableRows,
} from './manifest.ts';
import { withManifestChecksum } from './manifest-checksum.ts';

/** Minimum number of entries of a list that is kept as text. */
const LONG_LIST = 100;

/** JSON syntax of a list entry besides its values. */
const FIELD_NAMES = '{"schema":"table":"rows":}';

/** Names of the checks in manifests, and in output for operators and programs. */
const WRITTEN_NAMES = { checksum: 'checksum', content: 'readable', restoreTest: 'restored' } as const;

/** A check in a manifest, and in output for programs. */
export interface WrittenCheck {
  readonly ok: boolean;
  /** Time of the check, ISO 8601, UTC. */
  readonly at: string;
  /** Why it failed. `undefined` if it passed. */
  readonly problem?: string | undefined;
  /** Present if a restore test found different rows. */
  readonly damaged?: true | undefined;
  /** Time at which an operator accepted the failed restore test, ISO 8601, UTC. */
  readonly acceptedAt?: string | undefined;
}

/** The checks in a manifest, and in output for programs. */
export type WrittenChecks = Readonly<
  Partial<Record<(typeof WRITTEN_NAMES)[keyof typeof WRITTEN_NAMES], WrittenCheck>>
>;

/** Returns the text of a manifest file: indented JSON with its checksum and a final line feed. */
export function formatManifest(manifest: Manifest): string {
  return withManifestChecksum({ ...manifest, checks: formatChecks(manifest.checks) });
}

/** Returns the checks in the format of manifests. Leaves out checks that neither passed nor failed. */
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
 * Keeps the row lists of many manifests in little memory. Stores them as text, parses them on demand, and
 * shares table names between consecutive manifests with the same tables.
 */
export class RowLists {
  /** Number of bytes saved so far, compared with the lists in their manifests. */
  saved = 0;
  private names = '';

  /** Stores a list and returns a function that parses it. */
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

/** A separate function, because a closure created next to the list would keep the list in memory. */
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
 * Parses a manifest of this or an older version. Ignores unknown fields.
 * @param lists the lists of previous manifests, if the caller keeps many
 * @throws BackupError MANIFEST_TOO_NEW if its schemaVersion is newer
 * @throws BackupError MANIFEST_INVALID if it is damaged
 */
export function parseManifest(text: string, lists = new RowLists()): Manifest {
  const root = parseFields(text, 'the manifest', ENCRYPTED_SCHEMA_VERSION);
  const isEncrypted = root.has('encryption');
  return {
    schemaVersion: isEncrypted ? ENCRYPTED_SCHEMA_VERSION : MANIFEST_SCHEMA_VERSION,
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
    ...(isEncrypted && { encryption: encryption(root.fields('encryption')) }),
    artifacts: artifacts(root, lists),
    checks: root.has('checks') ? checks(root.fields('checks')) : {},
    ...(root.has('suspicion') && { suspicion: suspicion(root.fields('suspicion')) }),
    ...(root.has('acceptedAt') && { acceptedAt: root.name('acceptedAt') }),
    ...(root.has('acceptedSince') && { acceptedSince: root.timestamp('acceptedSince') }),
    warnings: root.has('warnings') ? root.words('warnings') : [],
  };
}

function encryption(fields: Fields): Encryption {
  return { scheme: fields.name('scheme'), recipients: fields.words('recipients') };
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

/** Returns the locale provider, checked because a restore inserts it into SQL unchanged. */
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
  if (kind === undefined || kind === 'manifest' || kind === 'signature' || kind === 'state')
    throw fields.wrong('name', 'the name of a dump, archive, globals or details');
  const described: ManifestArtifact = {
    kind,
    name,
    ...contentDigest(fields),
    ...(fields.has('plain') && { plain: contentDigest(fields.fields('plain')) }),
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

function contentDigest(fields: Fields): ContentDigest {
  const sha256 = fields.text('sha256');
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw fields.wrong('sha256', '64 lower-case hex digits');
  return { bytes: fields.count('bytes'), sha256 };
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
