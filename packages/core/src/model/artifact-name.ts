import { parseTimestamp, type RunTimestamp } from './timestamp.ts';

/**
 * What an artifact is: the dump of the database, the archive of its files, its roles and grants, the
 * manifest, or what was learnt of the set after its publication.
 */
export type ArtifactKind = 'dump' | 'staging' | 'globals' | 'manifest' | 'state';

/** What the name of an artifact says. Only a dump's name has the database in it. */
export type ArtifactName =
  | { readonly kind: 'dump'; readonly timestamp: RunTimestamp; readonly database: string }
  | { readonly kind: Exclude<ArtifactKind, 'dump'>; readonly timestamp: RunTimestamp };

const COMPANIONS = {
  staging: { prefix: 'staging-', suffix: '.tar.gz' },
  globals: { prefix: 'globals-', suffix: '.sql' },
  manifest: { prefix: 'manifest-', suffix: '.json' },
  state: { prefix: 'state-', suffix: '.json' },
} as const;

const DUMP_SUFFIX = '.dump';
const TIMESTAMP_LENGTH = 'YYYYMMDD_HHMMSS'.length;

/**
 * `geolens_20260101_020000.dump`, `staging-20260101_020000.tar.gz` and so on. The inverse of
 * parseArtifactName.
 */
export function formatArtifactName(name: ArtifactName): string {
  if (name.kind === 'dump') return `${escapeDatabase(name.database)}_${name.timestamp}${DUMP_SUFFIX}`;
  const { prefix, suffix } = COMPANIONS[name.kind];
  return `${prefix}${name.timestamp}${suffix}`;
}

/**
 * Reads a file name from its end, so that a database may be called anything, `a_20250101_000000` too.
 * Undefined when the name is not one that formatArtifactName writes: such a file is not ours.
 */
export function parseArtifactName(text: string): ArtifactName | undefined {
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
  for (const kind of ['staging', 'globals', 'manifest', 'state'] as const) {
    const { prefix, suffix } = COMPANIONS[kind];
    if (!text.startsWith(prefix) || !text.endsWith(suffix)) continue;
    const timestamp = parseTimestamp(text.slice(prefix.length, -suffix.length));
    if (timestamp !== undefined) return { kind, timestamp };
  }
  return undefined;
}

/**
 * The name of a database as it stands in file names; no two databases have the same.
 *
 * A database name may hold a slash, a file name may not: `/` becomes `%2F`. A percent sign is escaped only
 * where it would otherwise read as one of the two escapes, so that a database `100%` keeps the name that it
 * always had.
 */
export function escapeDatabase(database: string): string {
  return database.replace(/%(?=2F|25)/g, '%25').replaceAll('/', '%2F');
}

function unescapeDatabase(escaped: string): string {
  return escaped.replace(/%2F|%25/g, (escape) => (escape === '%2F' ? '/' : '%'));
}
