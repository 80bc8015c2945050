import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, type Clock, type SwappedStaging, type UnpackedStaging } from '@geolens/backup-core';
import { FolderHandle } from './folder-handle.ts';
import { failed, placeOf, stagingError, type StagingPlace } from './staging-errors.ts';
import type { FolderAttributes, StagingRecord, StagingRecords } from './staging-records.ts';
import { Swap } from './swap.ts';
import { WorkFolder } from './work-folder.ts';

export interface UnpackedFolderOptions {
  readonly place: StagingPlace;
  readonly records: StagingRecords;
  readonly record: StagingRecord;
  /** Whether the restore created the folder. */
  readonly made: boolean;
  readonly members: number;
  readonly leftOut: readonly string[];
  readonly warnings: readonly string[];
  readonly attributes: FolderAttributes | undefined;
  readonly clock: Clock;
}

/** Content unpacked into a work folder, inside its target folder. */
export class UnpackedFolder implements UnpackedStaging {
  readonly members: number;
  readonly leftOut: readonly string[];
  readonly warnings: readonly string[];
  private readonly options: UnpackedFolderOptions;
  private over = false;

  constructor(options: UnpackedFolderOptions) {
    this.options = options;
    this.members = options.members;
    this.leftOut = options.leftOut;
    this.warnings = options.warnings;
  }

  async swap(): Promise<SwappedStaging> {
    const { place, records, record } = this.options;
    if (this.over) throw failed(place, 'what was unpacked was swapped or thrown away before');
    try {
      await using folder = await FolderHandle.open(record.folder);
      await using work = await WorkFolder.open(folder, records, record);
      if (work === undefined)
        throw failed(
          place,
          'another user has moved or replaced what was unpacked',
          'Find out which process writes into the folder, then restore again',
        );
      return await this.swapWith(work);
    } catch (error) {
      throw stagingError(error, 'putting the new content in its place', place);
    }
  }

  async discard(): Promise<void> {
    if (this.over) return;
    this.over = true;
    await discardUnpacked(this.options.records, this.options.record, this.options.made);
  }

  private async swapWith(work: WorkFolder): Promise<SwappedStaging> {
    const { place, attributes, clock } = this.options;
    const swap = new Swap(work, clock);
    try {
      await swap.begin(attributes);
      const previous = await swap.finish();
      this.over = true;
      return { previous: previous && join(place.folder, previous), warnings: swap.warnings };
    } catch (error) {
      const cause = stagingError(error, 'putting the new content in its place', place);
      await swap.undo().catch((undoing: unknown) => {
        this.over = true; // the recovery needs the unpacked content
        const both = new AggregateError(
          [cause, undoing],
          `${errorText(cause)}; then: ${errorText(undoing)}`,
          { cause },
        );
        throw failed(
          place,
          both.message,
          `The next restore finishes it; until then use nothing in ${placeOf(place)}`,
          both,
        );
      });
      throw cause;
    }
  }
}

/** Removes unpacked content, and the folder if the restore created it. The next recovery removes the rest. */
export async function discardUnpacked(
  records: StagingRecords,
  record: StagingRecord,
  made: boolean,
): Promise<void> {
  try {
    await using folder = await FolderHandle.open(record.folder);
    await using work = await WorkFolder.open(folder, records, record);
    await work?.remove();
    if (made) await rmdir(record.folder);
  } catch {
    // The caller reports the failure that led here.
  }
}
