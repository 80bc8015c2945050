import { isUtf8 } from 'node:buffer';
import { pipeline, Readable, type Duplex } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { BackupError, type ArtifactContent } from '@geolens/backup-core';
import { findProgram, type ProgramEnd, type ProgramEnvironment, programFed } from '@geolens/backup-system';

/**
 * Programs that tar can use, fastest first. All write the plain gzip format and take `-d`. Measured on a
 * gigabyte: igzip 2.9 s, pigz 10.7 s, node:zlib 19.9 s.
 */
const GZIP_PROGRAMS = ['igzip', 'pigz'];

const SHOWN_WARNINGS = 20;

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
  const gzip = await gzipArguments(options.env);
  if (gzip !== undefined && archive.path !== undefined)
    return programFed(
      'tar',
      [...args, `--file=${archive.path}`, '--force-local', ...gzip],
      undefined,
      options,
      onOutput,
    );
  const content =
    gzip === undefined
      ? through(archive.open(), createGunzip())
      : archive.open(undefined, { reuseBuffer: true });
  return programFed('tar', [...args, '--file=-', ...(gzip ?? [])], content, options, onOutput).catch(
    (error: unknown) => {
      throw isZlibError(error)
        ? new BackupError('ARTIFACT_UNREADABLE', 'the archive does not decompress', { cause: error })
        : error;
    },
  );
}

/**
 * Returns the arguments that make tar compress or decompress with the fastest program; `undefined` if there is
 * none and node:zlib has to do it.
 */
export async function gzipArguments({
  PATH = '',
}: ProgramEnvironment): Promise<readonly string[] | undefined> {
  // By its name: tar looks along the same path, and would take a folder with a space in it for two words.
  for (const name of GZIP_PROGRAMS)
    if ((await findProgram([name], PATH)) !== undefined) return [`--use-compress-program=${name} -1`];
  return undefined;
}

export function through(content: AsyncIterable<Uint8Array>, transform: Duplex): AsyncIterable<Uint8Array> {
  // The failure of either stream destroys the other and is thrown to the reader, so the callback has nothing
  // to do.
  return pipeline(Readable.from(content, { objectMode: false }), transform, () => undefined);
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
}

/**
 * Returns the argument of tar for `--anchored` that excludes exactly this path. One character of the path for
 * each byte. Arguments are text, so bytes that are not UTF-8 match any character.
 */
export function excludeArgument(path: string): string {
  const pattern = Buffer.from(escaped(path), 'latin1');
  return `--exclude=${isUtf8(pattern) ? pattern.toString() : pattern.toString('latin1').replace(/[\x80-\xff]/g, '?')}`;
}

/**
 * Returns a line for `--anchored --exclude-from` (LC_ALL=C) that excludes exactly this path. One character
 * for each byte. A line cannot hold a line feed, so a bracket expression excepts all other bytes; one also
 * protects blanks at the end, which tar removes.
 */
export function excludeLine(path: string): string {
  const pattern = escaped(path)
    .replace(/[ \t\v\f\r]+$/, (blanks) => blanks.replace(/./g, '[$&]'))
    .replaceAll('\n', '[!\x01-\t\v-\xff]');
  return `${pattern}\n`;
}

function escaped(path: string): string {
  return path.replace(/[*?[\]\\]/g, String.raw`\$&`);
}

/** Returns the warnings that tar printed, one for each line; only the first ones if there are many. */
export function warningsIn(stderr: string): readonly string[] {
  const lines = stderr.split('\n').filter((line) => line !== '');
  if (lines.length <= SHOWN_WARNINGS) return lines;
  return [...lines.slice(0, SHOWN_WARNINGS), `tar: and ${lines.length - SHOWN_WARNINGS} more such files`];
}
