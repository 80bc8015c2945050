import { parseTimestamp, type RunTimestamp } from './timestamp.ts';

/**
 * Kind of an artifact.
 *
 * - `dump`: the dump of the database;
 * - `staging`: the archive of its files;
 * - `globals`: its roles and grants;
 * - `manifest`: the description of the set;
 * - `signature`: the signature of the manifest;
 * - `details`: the whole description of an encrypted set, whose manifest has only a part of it;
 * - `state`: results about the set from after its publication.
 */
export type ArtifactKind = 'dump' | 'staging' | 'globals' | 'manifest' | 'signature' | 'details' | 'state';

/** Parsed name of an artifact. Only the name of a dump contains the database. */
export type ArtifactName = (
  | { readonly kind: 'dump'; readonly timestamp: RunTimestamp; readonly database: string }
  | { readonly kind: Exclude<ArtifactKind, 'dump'>; readonly timestamp: RunTimestamp }
) & {
  /** Whether it is encrypted. Details always are. Defaults to false. */
  readonly encrypted?: boolean | undefined;
};

const COMPANIONS = {
  staging: { prefix: 'staging-', suffix: '.tar.gz' },
  globals: { prefix: 'globals-', suffix: '.sql' },
  manifest: { prefix: 'manifest-', suffix: '.json' },
  signature: { prefix: 'manifest-', suffix: '.json.minisig' },
  details: { prefix: 'manifest-', suffix: '.json' },
  state: { prefix: 'state-', suffix: '.json' },
} as const;

/** Suffix of encrypted artifacts. */
export const ENCRYPTED_SUFFIX = '.age';

const DUMP_SUFFIX = '.dump';
const TIMESTAMP_LENGTH = 'YYYYMMDD_HHMMSS'.length;

/**
 * Returns the file name, such as `geolens_20260101_020000.dump` or `staging-20260101_020000.tar.gz`. The
 * inverse of `parseArtifactName`.
 */
export function formatArtifactName(name: ArtifactName): string {
  const suffix = name.encrypted === true || name.kind === 'details' ? ENCRYPTED_SUFFIX : '';
  return `${formatPlainName(name)}${suffix}`;
}

function formatPlainName(name: ArtifactName): string {
  if (name.kind === 'dump') return `${escapeDatabase(name.database)}_${name.timestamp}${DUMP_SUFFIX}`;
  const { prefix, suffix } = COMPANIONS[name.kind];
  return `${prefix}${name.timestamp}${suffix}`;
}

/**
 * Parses a file name from its end, so that a database may have any name, even `a_20250101_000000`. Returns
 * `undefined` if `formatArtifactName` cannot produce the name: such a file is foreign.
 */
export function parseArtifactName(text: string): ArtifactName | undefined {
  if (!text.endsWith(ENCRYPTED_SUFFIX)) return parsePlainName(text);
  const name = parsePlainName(text.slice(0, -ENCRYPTED_SUFFIX.length));
  if (name === undefined || name.kind === 'state' || name.kind === 'signature') return undefined;
  const { timestamp } = name;
  return name.kind === 'manifest'
    ? { kind: 'details', timestamp, encrypted: true }
    : { ...name, encrypted: true };
}

function parsePlainName(text: string): ArtifactName | undefined {
  return parseDump(text) ?? parseCompanion(text);
}

function parseDump(text: string): ArtifactName | undefined {
  if (!text.endsWith(DUMP_SUFFIX)) return undefined;
  const stem = text.slice(0, -DUMP_SUFFIX.length);
  const timestamp = parseTimestamp(stem.slice(-TIMESTAMP_LENGTH));
  const escaped = stem.slice(0, -TIMESTAMP_LENGTH - 1);
  if (timestamp === undefined || escaped === '' || stem.at(-TIMESTAMP_LENGTH - 1) !== '_') return undefined;
  const database = unescapeDatabase(escaped);
  return escapeDatabase(database) === escaped ? { kind: 'dump', timestamp, database } : undefined;
}

function parseCompanion(text: string): ArtifactName | undefined {
  for (const kind of ['staging', 'globals', 'manifest', 'signature', 'state'] as const) {
    const { prefix, suffix } = COMPANIONS[kind];
    if (!text.startsWith(prefix) || !text.endsWith(suffix)) continue;
    const timestamp = parseTimestamp(text.slice(prefix.length, -suffix.length));
    if (timestamp !== undefined) return { kind, timestamp };
  }
  return undefined;
}

/**
 * Returns the name of a database as used in file names. Different databases have different names.
 *
 * A database name may contain a slash, a file name may not: `/` becomes `%2F`. A percent sign is escaped only
 * where it would otherwise read as one of the two escapes. A database `100%` therefore keeps its name.
 */
export function escapeDatabase(database: string): string {
  return database.replace(/%(?=2F|25)/g, '%25').replaceAll('/', '%2F');
}

function unescapeDatabase(escaped: string): string {
  return escaped.replace(/%2F|%25/g, (escape) => (escape === '%2F' ? '/' : '%'));
}
