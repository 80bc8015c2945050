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
 * Reads what formatManifest wrote, of this or an older version. Fields that it does not know are ignored.
 * @throws BackupError MANIFEST_TOO_NEW when its schemaVersion is newer, MANIFEST_INVALID when it is damaged
 */
export function parseManifest(text: string): Manifest {
  const root = parseFields(text, 'the manifest', MANIFEST_SCHEMA_VERSION);
  return {
    schemaVersion: MANIFEST_SCHEMA_VERSION,
    timestamp: root.timestamp('timestamp'),
    toolVersion: root.text('toolVersion'),
    database: root.text('database'),
    serverVersion: root.text('serverVersion'),
    clientVersion: root.text('clientVersion'),
    extensions: root.list('extensions').map(extension),
    ...(root.has('databaseProperties') && {
      databaseProperties: databaseProperties(root.fields('databaseProperties')),
    }),
    ...(root.has('databaseBytes') && { databaseBytes: root.count('databaseBytes') }),
    ...(root.has('preloadedLibraries') && { preloadedLibraries: root.words('preloadedLibraries') }),
    startedAt: root.text('startedAt'),
    finishedAt: root.text('finishedAt'),
    tiers: root.words('tiers').filter((tier): tier is Tier => TIERS.includes(tier as Tier)),
    artifacts: root.list('artifacts').map(artifact),
    checks: root.has('checks') ? checks(root.fields('checks')) : {},
    ...(root.has('suspicion') && { suspicion: suspicion(root.fields('suspicion')) }),
    ...(root.has('acceptedAt') && { acceptedAt: root.text('acceptedAt') }),
    ...(root.has('acceptedSince') && { acceptedSince: root.timestamp('acceptedSince') }),
    warnings: root.has('warnings') ? root.words('warnings') : [],
  };
}

function extension(fields: Fields): Extension {
  return { name: fields.text('name'), version: fields.text('version') };
}

function databaseProperties(fields: Fields): DatabaseProperties {
  return {
    owner: fields.text('owner'),
    encoding: fields.text('encoding'),
    collate: fields.text('collate'),
    ctype: fields.text('ctype'),
    ...(fields.has('localeProvider') && { localeProvider: localeProvider(fields) }),
    ...(fields.has('locale') && { locale: fields.text('locale') }),
  };
}

/** A word of SQL, which a restore writes as it is. */
function localeProvider(fields: Fields): string {
  const word = fields.text('localeProvider');
  if (!/^[a-z]+$/.test(word)) throw fields.wrong('localeProvider', 'the name of a locale provider');
  return word;
}

function artifact(fields: Fields): ManifestArtifact {
  const name = fields.text('name');
  const kind = parseArtifactName(name)?.kind;
  if (kind === undefined || kind === 'manifest' || kind === 'state')
    throw fields.wrong('name', 'the name of a dump, archive or globals');
  const sha256 = fields.text('sha256');
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw fields.wrong('sha256', '64 lower-case hex digits');
  return {
    kind,
    name,
    bytes: fields.count('bytes'),
    sha256,
    ...(fields.has('compression') && { compression: fields.text('compression') as Compression }),
    ...(fields.has('tableCount') && { tableCount: fields.count('tableCount') }),
    ...(fields.has('rowCounts') && { rowCounts: fields.list('rowCounts').map(tableRows) }),
    ...(fields.has('extensionRowCounts') && {
      extensionRowCounts: fields.list('extensionRowCounts').map(tableRows),
    }),
    ...(fields.has('members') && { members: fields.count('members') }),
  };
}

function tableRows(fields: Fields): TableRows {
  return { schema: fields.text('schema'), table: fields.text('table'), rows: fields.count('rows') };
}

function suspicion(fields: Fields): Suspicion {
  return { reasons: fields.words('reasons'), at: fields.text('at') };
}

function checks(fields: Fields): Checks {
  return Object.fromEntries(
    CHECK_NAMES.filter((name) => fields.has(WRITTEN_NAMES[name])).map((name): [string, CheckResult] => {
      const check = fields.fields(WRITTEN_NAMES[name]);
      const result = { outcome: check.flag('ok') ? 'passed' : 'failed', at: check.text('at') } as const;
      return [name, check.has('problem') ? { ...result, reason: check.text('problem') } : result];
    }),
  );
}
