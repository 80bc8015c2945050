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

/** Exit code of GNU tar: https://www.gnu.org/software/tar/manual/html_section/Synopsis.html */
const SOME_FILES_CHANGED = 1;

const UNREADABLE_HINT = 'It was not kept; check the disk and the memory of this machine, then run again';

/** The folder to archive and how. */
export interface TarArchiverOptions {
  /** Folder whose content is archived. */
  readonly folder: string;
  /** Name of the setting that gives the folder, for messages. */
  readonly label?: string | undefined;
  /** Environment of the programs; it must have PATH. */
  readonly env: ProgramEnvironment;
}

/**
 * Archives a folder with GNU tar and the fastest available gzip. Member names start with `./`; owners are
 * numbers. Excludes devices, sockets, FIFOs and entries of restores. Does not follow links, except if the
 * folder itself is a link. Includes mounted content. Warnings name what is missing.
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
      patterns === '' ? undefined : [Buffer.from(patterns, 'latin1')],
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

  /** Returns what an archive of the folder leaves out, or why it has nothing to archive. */
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

  /** Returns the error of a failed tar. Files that change while tar reads them only cause warnings. */
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
