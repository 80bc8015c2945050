import { BackupError } from '@geolens/backup-core';
import type { FolderHandle } from './folder-handle.ts';
import { newId, workName } from './restore-file-names.ts';
import type { StagingRecord, StagingRecords } from './staging-records.ts';

/** Names in a work folder: the unpacked content, and the content that a swap or a removal moved out. */
export const NEW = 'new';
export const OLD = 'old';

/**
 * The work folder of a restore, and its record. It is inside the staging folder because both must be on one
 * file system. It belongs to this user and has mode 0700, so other unprivileged users cannot change its
 * entries.
 */
export class WorkFolder implements AsyncDisposable {
  /** The staging folder. The caller closes it. */
  readonly folder: FolderHandle;
  readonly handle: FolderHandle;
  private readonly records: StagingRecords;
  private current: StagingRecord;

  private constructor(
    folder: FolderHandle,
    handle: FolderHandle,
    records: StagingRecords,
    record: StagingRecord,
  ) {
    this.folder = folder;
    this.handle = handle;
    this.records = records;
    this.current = record;
  }

  /** Records the restore, then creates its work folder. */
  static async make(
    folder: FolderHandle,
    records: StagingRecords,
    phase: 'unpacking' | 'dropping',
  ): Promise<WorkFolder> {
    const record: StagingRecord = { id: newId(), folder: folder.label, phase };
    const name = workName(record.id);
    await records.write(record);
    let handle: FolderHandle | undefined;
    try {
      await folder.mkdir(name);
      handle = await folder.enter(name);
      const made = { ...record, inode: await handle.inode() };
      // Another user may have replaced the folder: isOurs rejects a user's folder; one of root is not empty.
      if (!(await isOurs(folder, handle, made)) || (await handle.entries()).length > 0)
        throw replaced(handle.label);
      await records.write(made);
      return new WorkFolder(folder, handle, records, made);
    } catch (error) {
      await handle?.[Symbol.asyncDispose]();
      await folder.rmdir(name).catch(() => undefined);
      await records.remove(record.id).catch(() => undefined);
      throw error;
    }
  }

  /** Opens the folder of a record; `undefined` if it is gone or another folder has its name. */
  static async open(
    folder: FolderHandle,
    records: StagingRecords,
    record: StagingRecord,
  ): Promise<WorkFolder | undefined> {
    const handle = await folder.enterIfThere(workName(record.id));
    if (handle === undefined) return undefined;
    if (await isOurs(folder, handle, record)) return new WorkFolder(folder, handle, records, record);
    await handle[Symbol.asyncDispose]();
    return undefined;
  }

  get record(): StagingRecord {
    return this.current;
  }

  /** Replaces the record. After a failure the disk may hold either one; `record` is the new one. */
  async update(change: Partial<StagingRecord>): Promise<void> {
    this.current = { ...this.current, ...change };
    await this.records.write(this.current);
  }

  /** Removes the folder with its content, then the record. */
  async remove(): Promise<void> {
    await removeContent(this.handle);
    await this.folder.rmdir(workName(this.current.id));
    await this.records.remove(this.current.id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.handle[Symbol.asyncDispose]();
  }
}

function replaced(path: string): BackupError {
  return new BackupError('STAGING_FAILED', `another user replaced ${path} while it was made`, {
    hint: 'Find out which process writes into the folder, then restore again',
  });
}

/**
 * Returns whether a folder is the one of the record. Other users cannot create folders that belong to this
 * user. They can rename existing ones, which the inode reveals. The device must equal the staging folder's:
 * its number may change when the machine restarts.
 */
async function isOurs(
  folder: FolderHandle,
  handle: FolderHandle,
  { inode }: StagingRecord,
): Promise<boolean> {
  const { uid, dev } = await handle.stat();
  return uid === process.geteuid?.() && dev === (await folder.stat()).dev && (await handle.inode()) === inode;
}

/**
 * Removes the content of a folder, including read-only folders and names that are not text. Other users
 * cannot redirect it by replacing entries: it enters folders by handles and follows no link.
 * @throws EBUSY if another file system is mounted inside; its content is kept
 */
export async function removeContent(folder: FolderHandle): Promise<void> {
  await removeOn((await folder.stat()).dev, folder);
}

async function removeOn(device: number, folder: FolderHandle): Promise<void> {
  const { dev, mode } = await folder.stat();
  if (dev !== device)
    throw Object.assign(new Error(`EBUSY: something is mounted there, '${folder.label}'`), {
      code: 'EBUSY',
      syscall: 'rmdir',
    });
  // Before the first removal, also for root: without the capability DAC_OVERRIDE root needs the permission.
  if ((mode & 0o700) !== 0o700) await folder.chmod(0o700);
  for (const entry of await folder.entries()) {
    if (!entry.isDirectory()) {
      await folder.unlink(entry.name);
      continue;
    }
    await using inner = await folder.enter(entry.name);
    await removeOn(device, inner);
    await folder.rmdir(entry.name);
  }
}
