import { readdir, rm } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { replaceFile } from '../store/replace-file.ts';
import { flushFolder, readOwnFile, storeError } from '@geolens/backup-system';
import { isComponent } from './folder-handle.ts';
import { isPartialRecord, recordId, recordName } from './restore-file-names.ts';

/** Maximum size of a record, in bytes. */
const LARGEST_BYTES = 16 * 1024 * 1024;

/** Mode, owner and time of the staging folder itself. */
export interface FolderAttributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly mtime: number;
}

/**
 * Phases of a restore: unpack, move the old content out, move the new content in, or remove old content. In
 * `unpacking` and `dropping`, the content of the staging folder is unchanged and the work folder can be
 * removed.
 */
const PHASES = ['unpacking', 'out', 'in', 'dropping'] as const;

/** The state that another process needs to finish or undo an interrupted restore. */
export interface StagingRecord {
  readonly id: string;
  /** Resolved path of the staging folder. */
  readonly folder: string;
  readonly phase: (typeof PHASES)[number];
  /** Inode of the work folder, in decimal digits; `undefined` until the folder exists. */
  readonly inode?: string | undefined;
  /** Folders of the old and new content that their owner cannot write to. Names are base64 of bytes. */
  readonly lockedOld?: readonly string[] | undefined;
  readonly lockedNew?: readonly string[] | undefined;
  /** Attributes of the staging folder in the archive; `undefined` if the archive has none. */
  readonly attributes?: FolderAttributes | undefined;
}

/** Records of restores, in a folder that unprivileged users cannot write to. The caller holds its lock. */
export class StagingRecords {
  private readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  /** Writes the record durably and replaces an earlier record of the same restore. */
  async write(record: StagingRecord): Promise<void> {
    await this.attempt('recording a restore of files', () =>
      replaceFile(this.pathOf(record.id), JSON.stringify(record)),
    );
  }

  async remove(id: string): Promise<void> {
    await this.attempt('removing the record of a restore', async () => {
      await rm(this.pathOf(id), { force: true });
      await flushFolder(this.dir);
    });
  }

  /** Returns the records for a staging folder. Reports damaged records and skips them. */
  async of(
    folder: string,
    onWarning: (message: string) => void = () => undefined,
  ): Promise<readonly StagingRecord[]> {
    const found: StagingRecord[] = [];
    for (const name of (
      await this.attempt('looking for records of restores', () => readdir(this.dir))
    ).sort()) {
      if (isPartialRecord(name))
        await this.attempt('removing a record', () => rm(join(this.dir, name), { force: true }));
      const id = recordId(name);
      if (id === undefined) continue;
      try {
        const record: unknown = JSON.parse((await readOwnFile(this.pathOf(id), LARGEST_BYTES)).toString());
        if (!isRecord(record, id)) throw new Error('its content is not that of a record');
        if (record.folder === folder) found.push(record);
      } catch (error) {
        onWarning(
          `${this.pathOf(id)}, the record of a restore of files, is damaged and ignored: ${(error as Error).message}. If a restore was interrupted, repeat it; then delete this file`,
        );
      }
    }
    return found;
  }

  private async attempt<T>(doing: string, work: () => Promise<T>): Promise<T> {
    return work().catch((error: unknown) => {
      throw storeError(error, doing, { path: this.dir });
    });
  }

  private pathOf(id: string): string {
    return join(this.dir, recordName(id));
  }
}

function isRecord(value: unknown, id: string): value is StagingRecord {
  if (!isObject(value)) return false;
  const { folder, phase, inode, lockedOld, lockedNew, attributes } = value;
  if (value['id'] !== id || typeof folder !== 'string' || !isAbsolute(folder)) return false;
  if (inode !== undefined && !(typeof inode === 'string' && /^\d+$/.test(inode))) return false;
  if (
    !(PHASES as readonly unknown[]).includes(phase) ||
    (attributes !== undefined && !areAttributes(attributes))
  )
    return false;
  const swapping = phase === 'out' || phase === 'in';
  return [lockedOld, lockedNew].every((names) => (names === undefined ? !swapping : areNames(names)));
}

function areNames(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((name) => typeof name === 'string' && isComponent(Buffer.from(name, 'base64')))
  );
}

function areAttributes(value: unknown): boolean {
  if (!isObject(value)) return false;
  const within = (key: keyof FolderAttributes, most: number): boolean =>
    Number.isInteger(value[key]) && (value[key] as number) >= 0 && (value[key] as number) <= most;
  return (
    within('mode', 0o7777) &&
    within('uid', 0xffff_fffe) &&
    within('gid', 0xffff_fffe) &&
    Number.isFinite(value['mtime'])
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
