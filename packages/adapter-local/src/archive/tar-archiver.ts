import { realpath } from 'node:fs/promises';
import { createGzip } from 'node:zlib';
import {
  BackupError,
  type Archive,
  type ArchiveCheck,
  type ArchiveCheckOptions,
  type Archiver,
  throwIfAborted,
  type ArtifactContent,
} from '@geolens/backup-core';
import {
  describeEnd,
  type ProgramEnd,
  type ProgramEnvironment,
  programOutput,
  errnoOf,
} from '@geolens/backup-system';
import { contentOf } from './folder-content.ts';
import { listMembers } from './member-check.ts';
import { Omissions } from './omissions.ts';
import { placeOf } from './staging-errors.ts';
import { excludeLine, gzipArguments, through, warningsIn } from './tar.ts';
import { walkFolder } from './walk-folder.ts';

/** GNU tar's exit codes: https://www.gnu.org/software/tar/manual/html_section/Synopsis.html */
const SOME_FILES_CHANGED = 1;

const UNREADABLE_HINT = 'It was not kept; check the disk and the memory of this machine, then run again';

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
 * It leaves out devices, sockets, FIFOs and what restores have made, and does not follow links; warnings name
 * what is missing for that. It follows a link that is the folder itself, and archives what is mounted inside.
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
    const omissions = await this.inspect(signal);
    if ('nothing' in omissions) return omissions;
    const gzip = await gzipArguments(this.env);
    const warnings = omissions.list(this.place).map(({ message, hint }) => `${message}. ${hint}`);
    const patterns = omissions.excluded.map(excludeLine).join('');
    const args = [
      '--create',
      '--file=-',
      '--sparse',
      '--numeric-owner',
      ...(patterns === '' ? [] : ['--anchored', '--exclude-from=-']),
      ...(gzip ?? []),
      `--directory=${this.options.folder}`,
      '.',
    ];
    const tar = programOutput(
      'tar',
      args,
      { env: this.env, signal },
      (end) => this.judge(end, warnings),
      patterns === '' ? undefined : Buffer.from(patterns, 'latin1'),
    );
    return {
      content: gzip === undefined ? through(tar, createGzip({ level: 1 })) : tar,
      warnings: () => warnings,
    };
  }

  async check(archive: ArtifactContent, { signal, onMember }: ArchiveCheckOptions): Promise<ArchiveCheck> {
    const { members, leftOut, refusal } = await listMembers(archive, {
      env: this.env,
      signal,
      onMember,
      label: 'the archive',
      hint: UNREADABLE_HINT,
    });
    return { members, ...(leftOut.length > 0 && { leftOut }), ...(refusal !== undefined && { refusal }) };
  }

  private get place(): string {
    return placeOf(this.options);
  }

  /** Returns what an archive of the folder leaves out, or why there is nothing to archive. */
  private async inspect(signal: AbortSignal): Promise<Omissions | { readonly nothing: string }> {
    const { folder } = this.options;
    try {
      if ((await contentOf(folder)).content.length === 0)
        return { nothing: `the folder ${this.place} is empty` };
      const root = (await realpath(folder, 'buffer')).toString('latin1');
      const omissions = new Omissions(root);
      for await (const entry of walkFolder(root)) {
        throwIfAborted(signal);
        await omissions.add(entry);
      }
      return omissions;
    } catch (error) {
      throwIfAborted(signal);
      if (errnoOf(error) === 'ENOENT') return { nothing: `the folder ${this.place} does not exist` };
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
