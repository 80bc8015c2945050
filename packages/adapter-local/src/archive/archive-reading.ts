import { pipeline, Readable, type Duplex } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { BackupError, type ArtifactContent } from '@geolens/backup-core';
import { type ProgramEnd, type ProgramEnvironment, programFed } from '@geolens/backup-system';
import { findGzip, type GzipProgram } from './gzip-program.ts';

export interface TarOptions {
  /** With `LC_ALL=C`: what tar says is compared with English texts. */
  readonly env: ProgramEnvironment;
  readonly signal: AbortSignal;
  /** File descriptors that tar gets as 3, 4, …. */
  readonly descriptors?: readonly number[] | undefined;
}

/**
 * Runs tar on an archive (`.tar.gz`) from its first to its last byte, and hands what it prints to `onOutput`.
 * One that is a file of this machine is read by the programs themselves: of what comes by a pipe, tar makes
 * one process more that copies all of it. What reading the archive fails with is thrown as it is; bytes that
 * node:zlib cannot decompress are ARTIFACT_UNREADABLE; all else is in the end.
 */
export async function tarReading(
  args: readonly string[],
  archive: ArtifactContent,
  options: TarOptions,
  onOutput?: (chunk: Uint8Array) => void,
): Promise<ProgramEnd> {
  const gzip = await findGzip(options.env['PATH'] ?? '');
  if (gzip !== undefined && archive.path !== undefined)
    return programFed(
      'tar',
      [...args, `--file=${archive.path}`, '--force-local', ...compressWith(gzip)],
      undefined,
      options,
      onOutput,
    );
  const content =
    gzip === undefined
      ? through(archive.open(), createGunzip())
      : archive.open(undefined, { reuseBuffer: true });
  return programFed('tar', [...args, '--file=-', ...compressWith(gzip)], content, options, onOutput).catch(
    (error: unknown) => {
      throw isZlibError(error)
        ? new BackupError('ARTIFACT_UNREADABLE', 'the archive does not decompress', { cause: error })
        : error;
    },
  );
}

/** The arguments that make tar compress or decompress; none when node:zlib does it. */
export function compressWith(gzip: GzipProgram | undefined): readonly string[] {
  return gzip === undefined ? [] : [`--use-compress-program=${gzip.command}`];
}

export function through(content: AsyncIterable<Uint8Array>, transform: Duplex): AsyncIterable<Uint8Array> {
  // The failure of either stream destroys the other and is thrown to the reader, so the callback has nothing
  // to do.
  return pipeline(Readable.from(content, { objectMode: false }), transform, () => undefined);
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
}
