import { isUtf8 } from 'node:buffer';
import { pipeline, Readable, type Duplex } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { BackupError, type ArtifactContent } from '@geolens/backup-core';
import { findProgram, type ProgramEnd, type ProgramEnvironment, programFed } from '@geolens/backup-system';

/**
 * Compression programs for tar, fastest first. All write the plain gzip format and accept `-d`. Measured on a
 * gigabyte: igzip 2.9 s, pigz 10.7 s, node:zlib 19.9 s.
 */
const GZIP_PROGRAMS = ['igzip', 'pigz'];

const SHOWN_WARNINGS = 20;

export interface TarOptions {
  /** Must have `LC_ALL=C`: messages of tar are compared with English texts. */
  readonly env: ProgramEnvironment;
  readonly signal: AbortSignal;
  /** File descriptors that tar gets as 3, 4, …. */
  readonly descriptors?: readonly number[] | undefined;
}

/**
 * Runs tar on a whole archive (`.tar.gz`) and passes its output to `onOutput`. The programs read a local
 * archive file directly: with a pipe, tar adds a process that copies all bytes. Throws read errors of the
 * archive unchanged. The returned end describes all other failures.
 * @throws BackupError ARTIFACT_UNREADABLE if node:zlib cannot decompress the bytes
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
 * Returns the arguments that make tar use the fastest compression program. `undefined` if there is none; then
 * node:zlib must be used.
 */
export async function gzipArguments({
  PATH = '',
}: ProgramEnvironment): Promise<readonly string[] | undefined> {
  // By name: tar searches the same path, and would split a path with a space into two words.
  for (const name of GZIP_PROGRAMS)
    if ((await findProgram([name], PATH)) !== undefined) return [`--use-compress-program=${name} -1`];
  return undefined;
}

export function through(content: AsyncIterable<Uint8Array>, transform: Duplex): AsyncIterable<Uint8Array> {
  // A failure of either stream destroys the other and reaches the reader, so the callback does nothing.
  return pipeline(Readable.from(content, { objectMode: false }), transform, () => undefined);
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
}

/**
 * Returns the argument of `tar --anchored` that excludes exactly this path. The path has one character for
 * each byte. Arguments are text, so bytes that are not UTF-8 match any character.
 */
export function excludeArgument(path: string): string {
  const pattern = Buffer.from(escaped(path), 'latin1');
  return `--exclude=${isUtf8(pattern) ? pattern.toString() : pattern.toString('latin1').replace(/[\x80-\xff]/g, '?')}`;
}

/**
 * Returns a line for `--anchored --exclude-from` (LC_ALL=C) that excludes exactly this path. One character
 * for each byte. A line cannot hold a line feed, so a bracket expression excludes all other bytes. Another
 * one protects trailing blanks, which tar removes.
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
