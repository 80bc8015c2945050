import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  BackupError,
  dumpOf,
  errorText,
  formatArtifactName,
  parseArtifactName,
  parseManifest,
  toBackupError,
  type Cipher,
  type Manifest,
  type ReadableArtifact,
  type SetCopy,
  type TrustPolicy,
  withReason,
} from '@geolens/backup-core';
import {
  checkManifest,
  currentState,
  entryOf,
  warningsOf,
  withPlainText,
  isUnusableState,
  manifestTextOf,
  readStateFile,
  type FileSources,
  type StateFile,
} from '@geolens/backup-core/internal';
import { readFile } from '@geolens/backup-system';

/** How files of sets are read. */
export interface FileSourcesOptions {
  /** Opens encrypted files. Defaults to none. */
  readonly cipher?: Cipher | undefined;
  /** Judges the signature beside the manifest of a set. Defaults to none: signatures are ignored. */
  readonly trust?: TrustPolicy | undefined;
}

/** Reads files of this machine. */
export function fileSources({ cipher, trust }: FileSourcesOptions = {}): FileSources {
  return {
    dump: (path) => copyOfFile(path, cipher, trust),
    dumpOf: dumpBeside,
    archive: async (path) => withPlainText(await fileArtifact(path, undefined), undefined, cipher),
  };
}

/** Start of a plain dump of pg_dump. */
const SQL_COMMENT = Buffer.from('--');

const WORDS = {
  manifest: 'manifest',
  signature: 'signature',
  details: 'encrypted manifest',
  globals: 'globals',
  staging: 'staging archive',
  state: 'state file',
} as const;

async function copyOfFile(
  path: string,
  cipher: Cipher | undefined,
  trust: TrustPolicy | undefined,
): Promise<SetCopy> {
  const dump = withPlainText(await fileArtifact(path, undefined), undefined, cipher);
  const name = parseArtifactName(basename(path));
  if (name !== undefined && name.kind !== 'dump') {
    throw new BackupError(
      'CONFIG_INVALID',
      `${path} is the ${WORDS[name.kind]} of set ${name.timestamp}, and no dump`,
      { hint: `Name the dump beside it, or ${name.timestamp} for the whole set` },
    );
  }
  for await (const chunk of readFile(path, { start: 0, end: SQL_COMMENT.length }))
    if (SQL_COMMENT.equals(chunk))
      throw new BackupError('ARTIFACT_UNREADABLE', `${path} is a plain SQL file, not a dump of pg_dump -Fc`, {
        hint: 'Restore it with psql',
      });
  const alone = {
    label: `file ${path}`,
    timestamp: undefined,
    manifest: undefined,
    checks: {},
    artifacts: { dump },
    warnings: [],
    trusted: false,
    stored: undefined,
  };
  if (name === undefined) return alone;
  const { timestamp, database } = name;
  const beside = (kind: keyof typeof WORDS, encrypted = false): string =>
    join(dirname(path), formatArtifactName({ kind, timestamp, encrypted }));
  const manifest = await manifestIn(beside('manifest'));
  const manifestFile = manifest === undefined ? undefined : await fileArtifact(beside('manifest'), undefined);
  const unsigned = trust === undefined ? [] : ['it is not trusted: it has no signed manifest'];
  if (manifest instanceof Error)
    return {
      ...alone,
      timestamp,
      artifacts: { dump, ...(manifestFile && { manifest: manifestFile }) },
      warnings: [`its manifest cannot be used: ${errorText(manifest)}`, ...unsigned],
    };
  if (manifest !== undefined && manifest.database !== database)
    return { ...alone, timestamp, warnings: unsigned };
  const companion = async (
    kind: 'globals' | 'staging' | 'details',
  ): Promise<ReadableArtifact | undefined> => {
    for (const file of [beside(kind, name.encrypted), beside(kind), beside(kind, true)])
      if (await exists(file)) return fileArtifact(file, manifest);
    return undefined;
  };
  const whole = await fileArtifact(path, manifest);
  const [globals, staging, details] = [
    await companion('globals'),
    await companion('staging'),
    await companion('details'),
  ];
  const lengths = new Map(
    [whole, globals, staging, details].filter((one) => one !== undefined).map((one) => [one.name, one.bytes]),
  );
  const opened = (artifact: ReadableArtifact): ReadableArtifact => withPlainText(artifact, manifest, cipher);
  // A dump that was copied without its companions is complete.
  const problems =
    manifest === undefined
      ? []
      : checkManifest(
          { ...manifest, artifacts: manifest.artifacts.filter(({ name: known }) => lengths.has(known)) },
          lengths,
        );
  const checks =
    manifest === undefined ? {} : currentState(manifest, await stateIn(beside('state'), manifest)).checks;
  const untrusted = manifest && trust && (await whyUntrusted(beside, manifest, trust));
  const warnings = [
    ...(manifest === undefined ? unsigned : []),
    ...(untrusted === undefined ? [] : [`it is not trusted: ${untrusted}`]),
    ...warningsOf({ state: problems.length === 0 ? 'complete' : 'partial', problems, checks }),
  ];
  return {
    label: `file ${path}`,
    timestamp,
    manifest,
    checks,
    artifacts: {
      dump: opened(whole),
      ...(globals && { globals: opened(globals) }),
      ...(staging && { staging: opened(staging) }),
      ...(details && { details: opened(details) }),
      ...(manifestFile && { manifest: manifestFile }),
    },
    warnings,
    trusted: false,
    stored: undefined,
  };
}

/** Returns why the manifest beside a dump is not trusted. `undefined` if it is. */
async function whyUntrusted(
  beside: (kind: 'manifest' | 'signature') => string,
  manifest: Manifest,
  trust: TrustPolicy,
): Promise<string | undefined> {
  const text = await manifestTextOf(readFile(beside('manifest')));
  const signature = (await exists(beside('signature')))
    ? await manifestTextOf(readFile(beside('signature')))
    : undefined;
  return trust.whyUntrusted(text, signature, manifest);
}

async function dumpBeside(path: string): Promise<string> {
  const name = parseArtifactName(basename(path));
  if (name === undefined || name.kind === 'dump') return path;
  const { timestamp } = name;
  const manifest = await manifestIn(join(dirname(path), formatArtifactName({ kind: 'manifest', timestamp })));
  const names = await readdir(dirname(path)).catch(() => []);
  const dumps = names.filter((one) => {
    const parsed = parseArtifactName(one);
    return parsed?.kind === 'dump' && parsed.timestamp === timestamp;
  });
  const known = manifest instanceof Error ? undefined : manifest;
  const isOwn = (one: string): boolean => {
    const parsed = parseArtifactName(one);
    return parsed?.kind === 'dump' && parsed.database === known?.database;
  };
  const named = known && dumpOf(known)?.name;
  const dump = dumps.find((one) => one === named) ?? dumps.find(isOwn) ?? dumps[0];
  if (dump !== undefined) return join(dirname(path), dump);
  throw new BackupError(
    'CONFIG_INVALID',
    `${path} is the ${WORDS[name.kind]} of set ${timestamp}, and its dump is not beside it`,
    { hint: `Name the dump, or ${timestamp} for the whole set` },
  );
}

/** Returns a file as an artifact, with the digest that the manifest states for it. */
async function fileArtifact(path: string, manifest: Manifest | undefined): Promise<ReadableArtifact> {
  const stats = await stat(path).catch((cause: unknown) => {
    throw new BackupError('CONFIG_INVALID', `the file ${path} cannot be read: ${(cause as Error).message}`, {
      ...withReason('file-unreadable'),
      cause,
    });
  });
  if (!stats.isFile()) throw new BackupError('CONFIG_INVALID', `${path} is not a file`);
  const name = basename(path);
  const sha256 = entryOf(manifest, name)?.sha256;
  return { name, bytes: stats.size, sha256, path, open: (range, options) => readFile(path, range, options) };
}

async function manifestIn(path: string): Promise<Manifest | Error | undefined> {
  if (!(await exists(path))) return undefined;
  try {
    return parseManifest(await manifestTextOf(readFile(path)));
  } catch (error) {
    return toBackupError(error);
  }
}

async function stateIn(path: string, { timestamp }: Manifest): Promise<StateFile | undefined> {
  if (!(await exists(path))) return undefined;
  try {
    return await readStateFile(readFile(path), timestamp);
  } catch (error) {
    if (isUnusableState(error)) return undefined;
    throw toBackupError(error);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}
