import { readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { BackupError, isBackupError } from '@geolens/backup-core';
import { type ProgramEnvironment, isExecutable, programText } from '@geolens/backup-system';
import { majorOf } from './queries.ts';

/** Folder with one subfolder for each major version, on Debian, Ubuntu and images based on them. */
const VERSIONED_FOLDERS = '/usr/lib/postgresql';

const CLIENTS = ['pg_dump', 'pg_dumpall', 'pg_restore'] as const;

/** Client programs of one installation. */
export interface PostgresPrograms {
  readonly folder: string;
  readonly pgDump: string;
  readonly pgDumpall: string;
  readonly pgRestore: string;
  /** Path of psql if it exists; a dump does not need it. */
  readonly psql: string;
  /** For example `17.2`. */
  readonly version: string;
  readonly major: number;
}

export interface FindProgramsOptions {
  /** The only folder to search. */
  readonly binDir?: string | undefined;
  readonly env: ProgramEnvironment;
}

/** Returns all installations of the client programs on this machine, each folder once. */
export async function findInstallations({
  binDir,
  env,
}: FindProgramsOptions): Promise<readonly PostgresPrograms[]> {
  const folders =
    binDir === undefined
      ? [...(await versionedFolders()), ...(env['PATH'] ?? '').split(delimiter)]
      : [binDir];
  const unique = [...new Set(folders.filter((entry) => entry !== ''))];
  const found = (await Promise.all(unique.map((folder) => installationIn(folder, env)))).filter(
    (one) => one !== undefined,
  );
  if (found.length > 0) return found;
  throw new BackupError(
    'PROGRAM_MISSING',
    `pg_dump, pg_dumpall and pg_restore were not found ${binDir === undefined ? 'on the PATH' : `in ${binDir}`}`,
    { hint: 'Install the PostgreSQL client programs (Debian: postgresql-client)' },
  );
}

/**
 * Returns the best installation for dumping a server. That is the one of the server's own version, whose
 * dumps the server can restore, otherwise the oldest newer one.
 * @throws BackupError CLIENT_TOO_OLD if all are older than the server: pg_dump would refuse it
 */
export function programsFor(
  serverVersion: string,
  installations: readonly PostgresPrograms[],
): PostgresPrograms {
  const serverMajor = majorOf(serverVersion);
  const sorted = [...installations].sort((one, other) => one.major - other.major);
  const chosen = sorted.find(({ major }) => major >= serverMajor);
  if (chosen !== undefined) return chosen;
  const newest = sorted.at(-1);
  throw new BackupError(
    'CLIENT_TOO_OLD',
    `the server is PostgreSQL ${serverVersion}, pg_dump here is ${newest?.version ?? 'not installed'}, which cannot dump it`,
    {
      hint: `Use the client programs of version ${serverMajor} or newer: build the image from the database’s image, or install postgresql-client-${serverMajor}`,
    },
  );
}

/** Returns the newest of the installations, of which there is at least one. */
export function newestOf(installations: readonly PostgresPrograms[]): PostgresPrograms {
  return installations.reduce((newest, one) => (one.major > newest.major ? one : newest));
}

async function installationIn(
  folder: string,
  env: ProgramEnvironment,
): Promise<PostgresPrograms | undefined> {
  const paths = CLIENTS.map((name) => join(folder, name));
  if ((await Promise.all(paths.map(isExecutable))).includes(false)) return undefined;
  const [pgDump, pgDumpall, pgRestore] = paths as [string, string, string];
  const version = await versionOf(pgDump, env);
  return version === undefined
    ? undefined
    : { folder, pgDump, pgDumpall, pgRestore, psql: join(folder, 'psql'), version, major: majorOf(version) };
}

async function versionedFolders(): Promise<readonly string[]> {
  const majors = await readdir(VERSIONED_FOLDERS).catch(() => []);
  return majors.map((major) => join(VERSIONED_FOLDERS, major, 'bin'));
}

/** Returns `17.2` for `pg_dump (PostgreSQL) 17.2 (Debian …)`; `undefined` if the program does not run. */
async function versionOf(pgDump: string, env: ProgramEnvironment): Promise<string | undefined> {
  try {
    const said = await programText(pgDump, ['--version'], { env }, ({ code }) =>
      code === 0 ? undefined : new Error('--version failed'),
    );
    return /\(PostgreSQL\) (\d+\S*)/.exec(said)?.[1];
  } catch (error) {
    if (isBackupError(error, 'PROGRAM_NOT_STARTED')) throw error; // the program may exist
    return undefined;
  }
}
