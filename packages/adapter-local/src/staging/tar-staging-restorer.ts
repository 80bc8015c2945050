import { mkdir, rename, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BackupError, type ArtifactSource, type Clock, type StagingRestorer, type UnpackedStaging } from '@geolens/backup-core';
import { describeEnd, Program, type ProgramEnvironment } from '../programs/program.ts';
import { errnoOf } from '../store/store-errors.ts';
import { flushFolder } from '../store/write-durably.ts';
import { tarReading } from './archive-reading.ts';
import { LISTING_ARGUMENTS, MemberCheck } from './member-check.ts';
import { asideName, droppedName, isPreviousName, newId } from './own-names.ts';
import { warningsIn } from './program-warnings.ts';
import { recoverFolder, unfinishedSwaps } from './recovery.ts';
import { removeTree } from './remove-tree.ts';
import { restoreRefusal } from './restore-refusal.ts';
import { failed, placeOf, programFailure, stagingError, type StagingPlace } from './staging-errors.ts';
import { discardUnpacked, takeAttributes, UnpackedFolder } from './unpacked-folder.ts';

const UNREADABLE_MEND = 'Restore another set; if none reads through, check the disk and the memory of this machine';

/** Times before 1970 or after now, and notes that other programs put into archives, are no one's concern. */
const QUIET = ['--warning=no-timestamp', '--warning=no-unknown-keyword'];

/** What archives are restored with. */
export interface TarStagingRestorerOptions {
  /** The name of the setting that folders come from, for messages. */
  readonly label?: string | undefined;
  /** What programs get as their environment: PATH at least. */
  readonly env: ProgramEnvironment;
  /** Dates what a swap keeps. */
  readonly clock: Clock;
}

/**
 * Unpacks archives with GNU tar. All that it makes is inside the folder, for the folder may be a mount point: it cannot be
 * renamed itself, and what is beside it may be another file system.
 *
 * - `.geolens-backup-restoring-<uuid>/` is what was unpacked.
 * - `.geolens-backup-restoring-<uuid>.out` and `.in` are the note of a swap, see Swap.
 * - `.geolens-backup-before-<YYYYMMDD_HHMMSS>/` is old content that a swap has kept.
 * - `.geolens-backup-dropping-<uuid>/` is such a content while it is being removed.
 */
export class TarStagingRestorer implements StagingRestorer {
  private readonly options: TarStagingRestorerOptions;
  private readonly env: ProgramEnvironment;

  constructor(options: TarStagingRestorerOptions) {
    this.options = options;
    this.env = { ...options.env, LC_ALL: 'C' };
  }

  async refusal(folder: string): Promise<string | undefined> {
    return restoreRefusal(folder).catch((error: unknown) => {
      throw stagingError(error, 'looking at the folder', this.place(folder));
    });
  }

  async recover(folder: string): Promise<readonly string[]> {
    return recoverFolder(folder).catch((error: unknown) => {
      throw stagingError(error, 'clearing up after a restore that died', this.place(folder));
    });
  }

  async unpack(archive: ArtifactSource, folder: string, { signal }: { readonly signal: AbortSignal }): Promise<UnpackedStaging> {
    const place = this.place(folder);
    const { members, holdsItself } = await this.look(archive, place, signal);
    const id = newId();
    const aside = join(folder, asideName(id));
    let made = false;
    try {
      made = await makeFolder(folder);
      if ((await unfinishedSwaps(folder)).length > 0) throw failed(place, 'a restore that died is unfinished', 'Let it be recovered first');
      await mkdir(aside, { mode: 0o700 });
      const warnings = await this.extract(archive, aside, place, signal);
      const itself = holdsItself ? await takeAttributes(aside) : undefined;
      await this.flush(aside, place, signal);
      return new UnpackedFolder({ place, id, made, members, warnings, itself, clock: this.options.clock });
    } catch (error) {
      await discardUnpacked(folder, id, made);
      throw stagingError(error, 'unpacking the archive', place);
    }
  }

  async dropPrevious(previous: string): Promise<void> {
    const folder = dirname(previous);
    const place = this.place(folder);
    if (!isPreviousName(basename(previous))) throw failed(place, `${previous} is nothing that a restore has kept`);
    const dropped = join(folder, droppedName());
    try {
      const { atime, mtime } = await stat(folder);
      await rename(previous, dropped);
      await flushFolder(folder);
      await removeTree(dropped);
      await utimes(folder, atime, mtime).catch(() => undefined); // the time that the archive says, not ours
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw stagingError(error, `removing ${previous}`, place);
    }
  }

  /** Looks at all members; nothing is written yet. */
  private async look(archive: ArtifactSource, place: StagingPlace, signal: AbortSignal): Promise<MemberCheck> {
    const check = new MemberCheck();
    const end = await tarReading(LISTING_ARGUMENTS, archive, { env: this.env, signal }, (chunk) => {
      check.add(chunk);
    });
    if (end.code !== 0) {
      throw new BackupError('ARTIFACT_UNREADABLE', `the archive for ${placeOf(place)} does not read through: ${describeEnd('tar', end)}`, { mend: UNREADABLE_MEND });
    }
    check.conclude();
    return check;
  }

  private async extract(archive: ArtifactSource, aside: string, place: StagingPlace, signal: AbortSignal): Promise<readonly string[]> {
    const owners = process.geteuid?.() === 0;
    const args = ['--extract', '--preserve-permissions', '--numeric-owner', owners ? '--same-owner' : '--no-same-owner', '--delay-directory-restore'];
    const end = await tarReading([...args, '--xattrs', ...QUIET, `--directory=${aside}`], archive, { env: this.env, signal });
    if (end.code !== 0) throw programFailure('tar', end, place);
    const lost = `owners were not kept: only root can give files to others, all are user ${process.geteuid?.() ?? '?'}'s now`;
    return [...(owners ? [] : [lost]), ...warningsIn(end.stderr)];
  }

  /** Flushes the file system: a swap must not put content in place that a crash of the machine could still empty. */
  private async flush(aside: string, place: StagingPlace, signal: AbortSignal): Promise<void> {
    const end = await new Program('sync', ['-f', aside], { env: this.env, signal }).end();
    if (end.code !== 0) throw programFailure('sync', end, place);
  }

  private place(folder: string): StagingPlace {
    return { folder, label: this.options.label };
  }
}

/** Whether the folder did not exist and was made. */
async function makeFolder(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    return false;
  }
}
