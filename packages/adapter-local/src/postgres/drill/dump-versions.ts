import type { ArtifactSource } from '@geolens/backup-core';
import { isBackupError } from '@geolens/backup-core';
import type { ProgramEnvironment } from '../../programs/program.ts';
import type { PostgresPrograms } from '../postgres-programs.ts';
import { readToc } from '../restore/toc.ts';

/** The major versions of the server that was dumped, and of the pg_dump that did it; undefined when these programs cannot read the dump. */
export async function dumpVersions(
  dump: ArtifactSource,
  { pgRestore }: PostgresPrograms,
  { env, signal }: { readonly env: ProgramEnvironment; readonly signal: AbortSignal },
): Promise<{ readonly server: number; readonly client: number } | undefined> {
  try {
    const { serverVersion, clientVersion } = await readToc(dump, { pgRestore, env, signal });
    return { server: Number.parseInt(serverVersion, 10), client: Number.parseInt(clientVersion, 10) };
  } catch (error) {
    if (isBackupError(error, 'ARTIFACT_UNREADABLE') && error.message.includes('unsupported version')) return undefined;
    throw error;
  }
}
