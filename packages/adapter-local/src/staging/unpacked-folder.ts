import { chmod, lstat, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { formatTimestamp, type Clock, type SwappedStaging, type UnpackedStaging } from '@geolens/backup-core';
import { contentOf } from './folder-content.ts';
import { asideName, previousName } from './own-names.ts';
import { removeTree } from './remove-tree.ts';
import { failed, placeOf, stagingError, type StagingPlace } from './staging-errors.ts';
import { Swap } from './swap.ts';
import { lockedIn, type FolderAttributes } from './swap-note.ts';

const SECOND = 1_000;

export interface UnpackedFolderOptions {
  readonly place: StagingPlace;
  readonly id: string;
  /** Whether the folder did not exist before. */
  readonly made: boolean;
  readonly members: number;
  readonly warnings: readonly string[];
  readonly itself: FolderAttributes | undefined;
  readonly clock: Clock;
}

/** Content that was unpacked into a folder of its own, inside the folder that it is for. */
export class UnpackedFolder implements UnpackedStaging {
  readonly members: number;
  readonly warnings: readonly string[];
  private readonly options: UnpackedFolderOptions;
  private over = false;

  constructor(options: UnpackedFolderOptions) {
    this.options = options;
    this.members = options.members;
    this.warnings = options.warnings;
  }

  async swap(): Promise<SwappedStaging> {
    const { place, id, itself } = this.options;
    if (this.over) throw failed(place, 'what was unpacked was swapped or thrown away before');
    let swap: Swap | undefined;
    try {
      const lockedOld = await lockedIn(place.folder);
      const lockedNew = await lockedIn(join(place.folder, asideName(id)));
      swap = new Swap(place.folder, id, { previous: await this.previousName(), lockedOld, lockedNew, itself });
      await swap.begin();
      const previous = await swap.finish();
      this.over = true;
      return { previous, warnings: swap.warnings };
    } catch (error) {
      const cause = stagingError(error, 'putting the new content in its place', place);
      await swap?.undo().catch((undoing: unknown) => {
        this.over = true; // what was unpacked is needed by the recovery
        const both = new AggregateError([cause, undoing], `${cause.message}; then: ${(undoing as Error).message}`, { cause });
        throw failed(place, both.message, `The next restore finishes it; until then use nothing in ${placeOf(place)}`, both);
      });
      throw cause;
    }
  }

  async discard(): Promise<void> {
    if (this.over) return;
    this.over = true;
    await discardUnpacked(this.options.place.folder, this.options.id, this.options.made);
  }

  /** A name for the old content that is free: of this second, or of the first after it that no earlier restore has taken. */
  private async previousName(): Promise<string> {
    const taken = (await contentOf(this.options.place.folder)).own;
    let moment = this.options.clock.now().getTime();
    while (taken.includes(previousName(formatTimestamp(new Date(moment))))) moment += SECOND;
    return previousName(formatTimestamp(new Date(moment)));
  }
}

/** Removes what was unpacked, and the folder if it was made for it. What cannot be removed is left to the next recovery. */
export async function discardUnpacked(folder: string, id: string, made: boolean): Promise<void> {
  try {
    await removeTree(join(folder, asideName(id)));
    if (made) await rmdir(folder);
  } catch {
    // The failure that led here is what people have to hear of.
  }
}

/** The attributes that unpacking gave to the folder of what was unpacked, which is then made our own again. */
export async function takeAttributes(aside: string): Promise<FolderAttributes> {
  const { mode, uid, gid, mtimeMs } = await lstat(aside);
  await chmod(aside, 0o700);
  return { mode: mode & 0o7777, uid, gid, mtime: mtimeMs / SECOND };
}
