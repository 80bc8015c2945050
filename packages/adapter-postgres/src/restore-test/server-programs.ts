import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { isBackupError, type ArtifactContent } from '@geolens/backup-core';
import { isExecutable, type ProgramEnvironment } from '@geolens/backup-system';
import {
  findInstallations,
  type FindProgramsOptions,
  type PostgresPrograms,
  newestOf,
} from '../connection/postgres-programs.ts';
import { readToc, type Toc } from '../restore/toc/toc.ts';

/** An installation that can create and run a server. */
export interface ServerPrograms extends PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
}

export interface Installed {
  /** All installations that can read dumps. */
  readonly clients: readonly PostgresPrograms[];
  /** The installations with a server, oldest first. */
  readonly servers: readonly ServerPrograms[];
}

export async function findServerPrograms(options: FindProgramsOptions): Promise<Installed> {
  const clients = await findInstallations(options).catch((error: unknown) => {
    if (isBackupError(error, 'PROGRAM_MISSING')) return [];
    throw error;
  });
  const found = await Promise.all(clients.map(withServer));
  return {
    clients,
    servers: found.filter((one) => one !== undefined).sort((one, other) => one.major - other.major),
  };
}

/** The versions that a dump requires. */
interface DumpVersions {
  /** Major version of the dumped server. */
  readonly server: number;
  /** Major version of the pg_dump that wrote the dump. */
  readonly client: number;
}

/**
 * Returns the oldest server that is as new as the dumped server and the pg_dump. If there is none, only the
 * dumped server counts: then a newer pg_restore has read the dump.
 */
export function serverFor(
  { server, client }: DumpVersions,
  { servers }: Pick<Installed, 'servers'>,
): ServerPrograms | { readonly lacking: string } {
  const newEnough = servers.filter(({ major }) => major >= server);
  const chosen = newEnough.find(({ major }) => major >= client) ?? newEnough.at(-1);
  if (chosen !== undefined) return chosen;
  const there = [...new Set(servers.map(({ major }) => major))];
  return {
    lacking: `PostgreSQL ${server} is not installed on this machine (there is ${there.join(', ')}), and an older server may not understand the dump. Install the server package of version ${server} or newer`,
  };
}

/**
 * Returns the libraries that a temporary server must preload. These are the preloaded libraries of the
 * original server whose extension is in the dump and installed here. The names come from the manifest, so
 * only a library with the name of an extension is loaded.
 */
export async function librariesFor(
  extensions: readonly string[],
  preloaded: readonly string[],
  { folder }: Pick<ServerPrograms, 'folder'>,
): Promise<readonly string[]> {
  const names = preloaded.filter((name) => /^\w+$/.test(name) && extensions.includes(name));
  const installed = await Promise.all(
    names.map((name) =>
      access(join(folder, '..', 'lib', `${name}.so`)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return names.filter((_, index) => installed[index]);
}

async function withServer(programs: PostgresPrograms): Promise<ServerPrograms | undefined> {
  const [initdb, postgres] = [join(programs.folder, 'initdb'), join(programs.folder, 'postgres')];
  return (await isExecutable(initdb)) && (await isExecutable(postgres))
    ? { ...programs, initdb, postgres }
    : undefined;
}

/** Matches pg_restore's error for a dump with a newer format. */
const TOO_NEW = /unsupported version \(\d+\.\d+\) in file header/;

/**
 * Reads a dump’s table of contents with the newest pg_restore, which supports all older formats.
 * @returns the contents, or why they are `unknown` here
 * @throws BackupError ARTIFACT_UNREADABLE if the dump is damaged
 */
export async function readByNewest(
  dump: ArtifactContent,
  clients: readonly PostgresPrograms[],
  env: ProgramEnvironment,
  signal: AbortSignal,
): Promise<Toc | { readonly lacking: string }> {
  const newest = newestOf(clients);
  try {
    return await readToc(dump, { pgRestore: newest.pgRestore, env: { ...env, LC_ALL: 'C' }, signal });
  } catch (error) {
    if (!isBackupError(error, 'ARTIFACT_UNREADABLE') || !TOO_NEW.test(error.message)) throw error;
    return {
      lacking: `the dump is of a newer form than pg_restore ${newest.version} knows, which is the newest on this machine (${error.message}). Install the PostgreSQL that wrote it`,
    };
  }
}
