import { readdir } from 'node:fs/promises';
import { pipeline, Readable, type Duplex } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { BackupError, type Archive, type Archiver, type ArtifactSource } from '@geolens/backup-core';
import { describeEnd, type ProgramEnd, type ProgramEnvironment } from '../programs/program.ts';
import { programFed, programOutput } from '../programs/program-output.ts';
import { errnoOf } from '../store/store-errors.ts';
import { findGzip, type GzipProgram } from './gzip-program.ts';

/** GNU tar's exit codes: https://www.gnu.org/software/tar/manual/html_section/Synopsis.html */
const SOME_FILES_CHANGED = 1;

const UNREADABLE_MEND = 'It was not kept; check the disk and the memory of this machine, then run again';

const SHOWN_WARNINGS = 20;

const LINE_FEED = 0x0a;

export interface TarArchiverOptions {
  /** The folder whose content is archived. */
  readonly folder: string;
  /** The name of the setting that the folder comes from, for messages. */
  readonly label?: string | undefined;
  /** What programs get as their environment: PATH at least. */
  readonly env: ProgramEnvironment;
}

/** Archives a folder with GNU tar and the fastest gzip there is. Members start with `./`; owners are numbers. */
export class TarArchiver implements Archiver {
  private readonly options: TarArchiverOptions;
  private readonly env: ProgramEnvironment;

  constructor(options: TarArchiverOptions) {
    this.options = options;
    this.env = { ...options.env, LC_ALL: 'C' };
  }

  async archive({ signal }: { readonly signal: AbortSignal }): Promise<Archive | { readonly nothing: string }> {
    const reason = await this.nothingThere();
    if (reason !== undefined) return { nothing: reason };
    const gzip = await this.gzip();
    const warnings: string[] = [];
    const args = ['--create', '--file=-', '--sparse', '--numeric-owner', ...compressWith(gzip), `--directory=${this.options.folder}`, '.'];
    const tar = programOutput('tar', args, { env: this.env, signal }, (end) => this.judge(end, warnings));
    return { content: gzip === undefined ? through(tar, createGzip({ level: 1 })) : tar, warnings: () => warnings };
  }

  async check(archive: ArtifactSource, { signal }: { readonly signal: AbortSignal }): Promise<{ readonly members: number }> {
    const gzip = await this.gzip();
    const content = gzip === undefined ? through(archive.open(), createGunzip()) : archive.open();
    let members = 0;
    const count = (chunk: Uint8Array): void => {
      for (const byte of chunk) if (byte === LINE_FEED) members += 1;
    };
    const args = ['--list', '--file=-', '--quoting-style=escape', ...compressWith(gzip)];
    const end = await programFed('tar', args, content, { env: this.env, signal }, count).catch((error: unknown) => {
      throw isZlibError(error) ? new BackupError('ARTIFACT_UNREADABLE', 'the archive does not decompress', { cause: error }) : error;
    });
    if (end.code !== 0) throw new BackupError('ARTIFACT_UNREADABLE', `the archive does not read through: ${describeEnd('tar', end)}`, { mend: UNREADABLE_MEND });
    // tar takes nothing at all for an archive of nothing; ours have the folder itself at least.
    if (members === 0) throw new BackupError('ARTIFACT_UNREADABLE', 'the archive has no members');
    return { members };
  }

  private get place(): string {
    const { folder, label } = this.options;
    return label === undefined ? folder : `${label}=${folder}`;
  }

  private gzip(): Promise<GzipProgram | undefined> {
    return findGzip(this.env['PATH'] ?? '');
  }

  private async nothingThere(): Promise<string | undefined> {
    try {
      return (await readdir(this.options.folder)).length === 0 ? `the folder ${this.place} is empty` : undefined;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return `the folder ${this.place} does not exist`;
      throw new BackupError('ARCHIVE_FAILED', `the folder ${this.place} cannot be read: ${(error as Error).message}`, {
        cause: error,
        mend: 'Give this user the right to read it (in the container: the capability DAC_READ_SEARCH)',
      });
    }
  }

  /** A file that changed or vanished while it was read is normal on a live system; anything worse is a failure. */
  private judge(end: ProgramEnd, warnings: string[]): Error | undefined {
    const said = end.stderr.split('\n').filter((line) => line !== '');
    if (end.code === 0 || end.code === SOME_FILES_CHANGED) {
      warnings.push(...said.slice(0, SHOWN_WARNINGS));
      if (said.length > SHOWN_WARNINGS) warnings.push(`tar: and ${said.length - SHOWN_WARNINGS} more such files`);
      return undefined;
    }
    return new BackupError('ARCHIVE_FAILED', `the folder ${this.place} could not be archived: ${describeEnd('tar', end)}`, {
      mend: 'Give this user the right to read all files (in the container: the capability DAC_READ_SEARCH), and check the disk',
    });
  }
}

function compressWith(gzip: GzipProgram | undefined): readonly string[] {
  return gzip === undefined ? [] : [`--use-compress-program=${gzip.command}`];
}

function through(content: AsyncIterable<Uint8Array>, transform: Duplex): AsyncIterable<Uint8Array> {
  // The failure of either stream destroys the other and is thrown to the reader, so the callback has nothing to do.
  return pipeline(Readable.from(content, { objectMode: false }), transform, () => undefined);
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
}
