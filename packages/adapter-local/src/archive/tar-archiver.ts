import { createGzip } from 'node:zlib';
import {
  BackupError,
  type Archive,
  type ArchiveCheckOptions,
  type Archiver,
  type ArtifactSource,
} from '@geolens/backup-core';
import {
  endedByOthers,
  describeEnd,
  type ProgramEnd,
  type ProgramEnvironment,
  programOutput,
  errnoOf,
} from '@geolens/backup-system';
import { compressWith, tarReading, through } from './archive-reading.ts';
import { contentOf } from './folder-content.ts';
import { findGzip } from './gzip-program.ts';
import { MemberNames } from './member-names.ts';
import { OWN_PREFIX } from './restore-file-names.ts';
import { warningsIn } from './program-warnings.ts';
import { placeOf } from './staging-errors.ts';

/** GNU tar's exit codes: https://www.gnu.org/software/tar/manual/html_section/Synopsis.html */
const SOME_FILES_CHANGED = 1;

const UNREADABLE_HINT = 'It was not kept; check the disk and the memory of this machine, then run again';

/**
 * What restores have left or kept at the top of the folder. Anchored, or it would leave out such names at any
 * depth.
 */
const NOTHING_OF_OURS = ['--anchored', `--exclude=./${OWN_PREFIX}*`];

/** Which folder is archived. */
export interface TarArchiverOptions {
  /** The folder whose content is archived. */
  readonly folder: string;
  /** The name of the setting that the folder comes from, for messages. */
  readonly label?: string | undefined;
  /** What programs get as their environment: PATH at least. */
  readonly env: ProgramEnvironment;
}

/**
 * Archives a folder with GNU tar and the fastest gzip there is. Members start with `./`; owners are numbers.
 * What a restore keeps in the folder is no content of it.
 */
export class TarArchiver implements Archiver {
  private readonly options: TarArchiverOptions;
  private readonly env: ProgramEnvironment;

  constructor(options: TarArchiverOptions) {
    this.options = options;
    this.env = { ...options.env, LC_ALL: 'C' };
  }

  async archive({
    signal,
  }: {
    readonly signal: AbortSignal;
  }): Promise<Archive | { readonly nothing: string }> {
    const reason = await this.nothingThere();
    if (reason !== undefined) return { nothing: reason };
    const gzip = await findGzip(this.env['PATH'] ?? '');
    const warnings: string[] = [];
    const args = [
      '--create',
      '--file=-',
      '--sparse',
      '--numeric-owner',
      ...NOTHING_OF_OURS,
      ...compressWith(gzip),
      `--directory=${this.options.folder}`,
      '.',
    ];
    const tar = programOutput('tar', args, { env: this.env, signal }, (end) => this.judge(end, warnings));
    return {
      content: gzip === undefined ? through(tar, createGzip({ level: 1 })) : tar,
      warnings: () => warnings,
    };
  }

  async check(
    archive: ArtifactSource,
    { signal, onMember }: ArchiveCheckOptions,
  ): Promise<{ readonly members: number }> {
    const names = new MemberNames(onMember);
    const end = await tarReading(
      ['--list', '--quoting-style=escape'],
      archive,
      { env: this.env, signal },
      (chunk) => {
        names.add(chunk);
      },
    );
    const { count: members } = names;
    if (end.code !== 0)
      throw (
        endedByOthers('tar', end) ??
        new BackupError(
          'ARTIFACT_UNREADABLE',
          `the archive does not read through: ${describeEnd('tar', end)}`,
          { hint: UNREADABLE_HINT },
        )
      );
    // tar takes nothing at all for an archive of nothing; ours have the folder itself at least.
    if (members === 0) throw new BackupError('ARTIFACT_UNREADABLE', 'the archive has no members');
    return { members };
  }

  private get place(): string {
    return placeOf(this.options);
  }

  private async nothingThere(): Promise<string | undefined> {
    try {
      return (await contentOf(this.options.folder)).content.length === 0
        ? `the folder ${this.place} is empty`
        : undefined;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return `the folder ${this.place} does not exist`;
      throw new BackupError(
        'ARCHIVE_FAILED',
        `the folder ${this.place} cannot be read: ${(error as Error).message}`,
        {
          cause: error,
          hint: 'Give this user the right to read it (in the container: the capability DAC_READ_SEARCH)',
        },
      );
    }
  }

  /**
   * A file that changed or vanished while it was read is normal on a live system; anything worse is a
   * failure.
   */
  private judge(end: ProgramEnd, warnings: string[]): Error | undefined {
    if (end.code === 0 || end.code === SOME_FILES_CHANGED) {
      warnings.push(...warningsIn(end.stderr));
      return undefined;
    }
    return new BackupError(
      'ARCHIVE_FAILED',
      `the folder ${this.place} could not be archived: ${describeEnd('tar', end)}`,
      {
        hint: 'Give this user the right to read all files (in the container: the capability DAC_READ_SEARCH), and check the disk',
      },
    );
  }
}
