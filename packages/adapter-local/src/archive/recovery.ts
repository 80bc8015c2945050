import { errorText, type Clock } from '@geolens/backup-core';
import type { FolderHandle } from './folder-handle.ts';
import { isNoteName, workName } from './restore-file-names.ts';
import type { StagingRecord, StagingRecords } from './staging-records.ts';
import { Swap } from './swap.ts';
import { WorkFolder } from './work-folder.ts';

export interface RecoveryOptions {
  readonly clock: Clock;
  readonly onWarning: (message: string) => void;
}

/**
 * Finishes the recorded swaps of a folder. Removes content that was unpacked but not swapped, or was being
 * removed.
 * @returns what was done, one text for each step
 */
export async function recoverFolder(
  folder: FolderHandle,
  records: StagingRecords,
  options: RecoveryOptions,
): Promise<readonly string[]> {
  const done: string[] = [];
  for (const record of await records.of(folder.label, options.onWarning))
    done.push(...(await recoverRestore(folder, records, record, options)));
  const [note, ...others] = (await folder.content()).own.filter(isNoteName);
  if (note !== undefined) options.onWarning(noteWarning(folder.label, note, others.length));
  return done;
}

function noteWarning(folder: string, note: string, others: number): string {
  const names = `${note}${others === 0 ? '' : ` and ${others} more such files`}`;
  return `ignored in ${folder}: ${names}, written by a restore of an earlier version or by another user. If a restore was interrupted, repeat it; then delete these files`;
}

async function recoverRestore(
  folder: FolderHandle,
  records: StagingRecords,
  record: StagingRecord,
  { clock, onWarning }: RecoveryOptions,
): Promise<readonly string[]> {
  const path = `${folder.label}/${workName(record.id)}`;
  await using work = await WorkFolder.open(folder, records, record);
  if (work === undefined) {
    // Without an inode, the process died before it used the folder, which is then empty.
    if (record.inode === undefined) await folder.rmdir(workName(record.id)).catch(() => undefined);
    else await reportMissing(folder, record, path, onWarning);
    await records.remove(record.id);
    return [];
  }
  if (record.phase === 'out' || record.phase === 'in') {
    const swap = new Swap(work, clock);
    const previous = await swap.finish();
    const old = previous === undefined ? '' : `; the old content is in ${folder.label}/${previous}`;
    for (const warning of swap.warnings) onWarning(warning);
    return [`finished the restore of ${folder.label} that had begun: the new content is in its place${old}`];
  }
  try {
    await work.remove();
  } catch (error) {
    onWarning(
      `${path}, which an interrupted restore left, could not be removed and is tried again by the next run: ${errorText(error)}`,
    );
    return [];
  }
  return [
    `removed ${path}, ${record.phase === 'unpacking' ? 'which a restore had unpacked and not put in place' : 'an old content that was to be removed'}`,
  ];
}

/**
 * Reports a missing work folder. Only in phase `out` does it hold old content. In other phases, its removal
 * is the last step before that of the record.
 */
async function reportMissing(
  folder: FolderHandle,
  { id, phase }: StagingRecord,
  path: string,
  onWarning: (message: string) => void,
): Promise<void> {
  const replaced = (await folder.lstatIfThere(workName(id))) !== undefined;
  if (replaced)
    onWarning(
      `${path} is not the folder that an interrupted restore made, and is left as it is: another user replaced it. Restore the files again`,
    );
  else if (phase === 'out')
    onWarning(
      `${path}, which an interrupted restore made, is gone: another user moved or removed it. Restore the files again`,
    );
}
