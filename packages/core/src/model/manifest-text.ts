import { BackupError } from '../base/errors.ts';
import { parseArtifactName } from './artifact-name.ts';
import { TIERS, type Tier } from './tier.ts';
import { parseTimestamp, type RunTimestamp } from './timestamp.ts';
import {
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
import { CHECKSUM_FIELD, withManifestChecksum, manifestChecksumProblem } from './manifest-checksum.ts';

/** The manifest as it stands in its file: JSON, indented, with its checksum, with a line feed at its end. */
export function formatManifest(manifest: Manifest): string {
  return withManifestChecksum({ ...manifest });
}

/** What may change in a manifest once its set is made; undefined takes a field away. */
export type ManifestChange = Partial<Pick<Manifest, 'checks' | 'suspicion' | 'acceptedAt'>>;

/**
 * The text of a manifest with some fields changed, and all others as they were, also those that this version
 * does not know. One whose manifest checksum did not fit gets none that does: it stays damaged.
 */
export function changeManifest(text: string, change: ManifestChange): string {
  const { seal: manifestChecksum, ...fields } = JSON.parse(text) as Record<string, unknown>;
  const changed = withManifestChecksum({ ...fields, ...change });
  if (manifestChecksumProblem(text) === undefined) return changed;
  return changed.replace(
    CHECKSUM_FIELD,
    () => `"seal": ${JSON.stringify(typeof manifestChecksum === 'string' ? manifestChecksum : '')}`,
  );
}

/**
 * Reads what formatManifest wrote, of this or an older version. Fields that it does not know are ignored.
 * @throws BackupError MANIFEST_TOO_NEW when its schemaVersion is newer, MANIFEST_INVALID when it is damaged
 */
export function parseManifest(text: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new BackupError('MANIFEST_INVALID', 'the manifest is not valid JSON', { cause });
  }
  const root = new Fields(json, 'the manifest');
  refuseNewer(root);
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
    startedAt: root.text('startedAt'),
    finishedAt: root.text('finishedAt'),
    tiers: root.words('tiers').filter((tier): tier is Tier => TIERS.includes(tier as Tier)),
    artifacts: root.list('artifacts').map(artifact),
    checks: checks(root.has('checks') ? root.fields('checks') : undefined),
    ...(root.has('suspicion') && { suspicion: suspicion(root.fields('suspicion')) }),
    ...(root.has('acceptedAt') && { acceptedAt: root.text('acceptedAt') }),
    ...(root.has('acceptedSince') && { acceptedSince: root.timestamp('acceptedSince') }),
    warnings: root.has('warnings') ? root.words('warnings') : [],
  };
}

function refuseNewer(root: Fields): void {
  const version = root.count('schemaVersion');
  if (version > MANIFEST_SCHEMA_VERSION) {
    throw new BackupError(
      'MANIFEST_TOO_NEW',
      `the manifest has schemaVersion ${version}, this version reads up to ${MANIFEST_SCHEMA_VERSION}`,
      { hint: 'Use the version that wrote it, or a newer one' },
    );
  }
  if (version < 1) throw root.wrong('schemaVersion', 'a number of at least 1');
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
  if (kind === undefined || kind === 'manifest')
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

function checks(fields: Fields | undefined): Checks {
  const result = (name: string): CheckResult | undefined => {
    if (fields?.has(name) !== true) return undefined;
    const check = fields.fields(name);
    return {
      ok: check.flag('ok'),
      at: check.text('at'),
      ...(check.has('problem') && { problem: check.text('problem') }),
    };
  };
  const [checksum, readable, restored] = [result('checksum'), result('readable'), result('restored')];
  return { ...(checksum && { checksum }), ...(readable && { readable }), ...(restored && { restored }) };
}

/** The fields of one JSON object, read with their types checked. */
class Fields {
  private readonly record: Readonly<Record<string, unknown>>;
  private readonly place: string;

  constructor(json: unknown, place: string) {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw new BackupError('MANIFEST_INVALID', `${place} is not a JSON object`);
    }
    this.record = json as Record<string, unknown>;
    this.place = place;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.record, name) && this.record[name] !== null;
  }

  value(name: string): unknown {
    return Object.hasOwn(this.record, name) ? this.record[name] : undefined;
  }

  text(name: string): string {
    const value = this.value(name);
    if (typeof value !== 'string') throw this.wrong(name, 'a text');
    return value;
  }

  timestamp(name: string): RunTimestamp {
    const timestamp = parseTimestamp(this.text(name));
    if (timestamp === undefined) throw this.wrong(name, 'YYYYMMDD_HHMMSS');
    return timestamp;
  }

  count(name: string): number {
    const value = this.value(name);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw this.wrong(name, 'a whole number');
    return value;
  }

  flag(name: string): boolean {
    const value = this.value(name);
    if (typeof value !== 'boolean') throw this.wrong(name, 'true or false');
    return value;
  }

  words(name: string): string[] {
    const value = this.value(name);
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
      throw this.wrong(name, 'a list of texts');
    return value;
  }

  list(name: string): Fields[] {
    const value = this.value(name);
    if (!Array.isArray(value)) throw this.wrong(name, 'a list');
    return value.map((item, index) => new Fields(item, `${this.place}, ${name}[${index}]`));
  }

  fields(name: string): Fields {
    return new Fields(this.value(name), `${this.place}, ${name}`);
  }

  wrong(name: string, expected: string): BackupError {
    return new BackupError('MANIFEST_INVALID', `${this.place}: ${name} is missing or not ${expected}`);
  }
}
