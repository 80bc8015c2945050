import { chmod, mkdir, realpath, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  parseTimestamp,
  type ArtifactContent,
  type Clock,
  type KeptContent,
  type RecoverOptions,
  type StagingRestorer,
  type UnpackedStaging,
} from '@geolens/backup-core';
import { Program, type ProgramEnvironment, errnoOf, lstatIfThere } from '@geolens/backup-system';
import { FolderHandle } from './folder-handle.ts';
import { pathIn } from './folder-content.ts';
import { listMembers } from './member-check.ts';
import { isPreviousName } from './restore-file-names.ts';
import { recoverFolder } from './recovery.ts';
import { restoreRefusal } from './restore-refusal.ts';
import { failed, placeOf, programFailure, stagingError, type StagingPlace } from './staging-errors.ts';
import { StagingRecords, type FolderAttributes, type StagingRecord } from './staging-records.ts';
import { excludeArgument, tarReading, warningsIn } from './tar.ts';
import { discardUnpacked, UnpackedFolder } from './unpacked-folder.ts';
import { NEW, OLD, WorkFolder } from './work-folder.ts';

const UNREADABLE_HINT =
  'Restore another set; if none reads through, check the disk and the memory of this machine';

/** Arguments that suppress warnings on times before 1970 or in the future, and on notes of other programs. */
const QUIET = ['--warning=no-timestamp', '--warning=no-unknown-keyword'];

/** Path of a program's first extra descriptor. */
const TIMESTAMP_LENGTH = 'YYYYMMDD_HHMMSS'.length;

const FIRST_DESCRIPTOR = '/proc/self/fd/3';

/** Settings of a restore. */
export interface TarStagingRestorerOptions {
  /** Name of the setting that gives folders, for messages. */
  readonly label?: string | undefined;
  /** Environment of the programs; it must have PATH. */
  readonly env: ProgramEnvironment;
  /** Gives the date in the name of old content. */
  readonly clock: Clock;
  /** Folder for the records of unfinished restores. Unprivileged users must not be able to write to it. */
  readonly recordsDir: string;
}

/**
 * Unpacks archives with GNU tar. The content stays inside the folder, because the folder may be a mount
 * point. A mount point cannot be renamed, and its parent may be on another file system.
 *
 * - `.geolens-backup-restoring-<uuid>/` is a work folder: `new/` has unpacked content, `old/` has content
 *   that was moved out.
 * - `.geolens-backup-before-<YYYYMMDD_HHMMSS>/` is old content that a swap has kept.
 *
 * Other users may write to the folder. So each unfinished restore has a record in `recordsDir`
 * (`.geolens-backup-staging-<uuid>.json`). Content of the folder decides nothing, and no path in it can be
 * redirected.
 */
export class TarStagingRestorer implements StagingRestorer {
  private readonly options: TarStagingRestorerOptions;
  private readonly env: ProgramEnvironment;
  private readonly records: StagingRecords;

  constructor(options: TarStagingRestorerOptions) {
    this.options = options;
    this.records = new StagingRecords(options.recordsDir);
    this.env = { ...options.env, LC_ALL: 'C' };
  }

  async refusal(folder: string): Promise<string | undefined> {
    return restoreRefusal(folder).catch((error: unknown) => {
      throw stagingError(error, 'inspecting the folder', this.place(folder));
    });
  }

  async recover(
    folder: string,
    { onWarning = () => undefined }: RecoverOptions = {},
  ): Promise<readonly string[]> {
    try {
      await using target = await openIfThere(folder);
      return target === undefined
        ? []
        : await recoverFolder(target, this.records, { clock: this.options.clock, onWarning });
    } catch (error) {
      throw stagingError(error, 'clearing up after a restore that died', this.place(folder));
    }
  }

  async unpack(
    archive: ArtifactContent,
    folder: string,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<UnpackedStaging> {
    const place = this.place(folder);
    const { records } = this;
    const check = await listMembers(archive, {
      env: this.env,
      signal,
      label: `the archive for ${placeOf(place)}`,
      hint: UNREADABLE_HINT,
    });
    if (check.refusal !== undefined)
      throw failed(place, `the archive ${check.refusal}`, 'Nothing was unpacked; restore another set');
    let made = false;
    let record: StagingRecord | undefined;
    try {
      made = await makeFolder(folder);
      await using target = await FolderHandle.open(await realpath(folder));
      const unfinished = (await records.of(target.label)).some(
        ({ phase }) => phase === 'out' || phase === 'in',
      );
      if (unfinished) throw failed(place, 'a restore that died is unfinished', 'Let it be recovered first');
      await using work = await WorkFolder.make(target, records, 'unpacking');
      record = work.record;
      await work.handle.mkdir(NEW);
      await using content = await work.handle.enter(NEW);
      const warnings = await this.extract(archive, content, check.excluded, place, signal);
      for (const path of check.setId) await clearSetId(content, path);
      const attributes = check.holdsItself ? await takeAttributes(content) : undefined;
      await this.flush(content, place, signal);
      return new UnpackedFolder({
        place,
        records,
        record,
        made,
        members: check.members - check.leftOutCount,
        leftOut: check.leftOut,
        warnings,
        attributes,
        clock: this.options.clock,
      });
    } catch (error) {
      if (record !== undefined) await discardUnpacked(records, record, made);
      else if (made) await rmdir(folder).catch(() => undefined);
      throw stagingError(error, 'unpacking the archive', place);
    }
  }

  async listPrevious(folder: string): Promise<readonly KeptContent[]> {
    const kept: KeptContent[] = [];
    try {
      await using target = await openIfThere(folder);
      for (const { name: bytes } of (await target?.entries()) ?? []) {
        const name = bytes.toString();
        const timestamp = isPreviousName(name) ? parseTimestamp(name.slice(-TIMESTAMP_LENGTH)) : undefined;
        await using content = timestamp && (await target?.enterIfThere(name));
        if (timestamp === undefined || content === undefined) continue;
        kept.push({
          name: join(folder, name),
          timestamp,
          bytes: await bytesIn(content).catch(() => undefined),
        });
      }
      return kept;
    } catch (error) {
      throw stagingError(error, 'looking for kept files', this.place(folder));
    }
  }

  async dropPrevious(previous: string): Promise<void> {
    const folder = dirname(previous);
    const name = basename(previous);
    const place = this.place(folder);
    if (!isPreviousName(name)) throw failed(place, `${previous} is nothing that a restore has kept`);
    try {
      await using target = await openIfThere(folder);
      const kept = await target?.lstatIfThere(name);
      if (target === undefined || kept === undefined) return;
      if (!kept.isDirectory())
        throw failed(place, `${previous} is not a folder`, 'Another user replaced it; remove it by hand');
      const { atime, mtime } = await target.stat();
      await using work = await WorkFolder.make(target, this.records, 'dropping');
      await target.rename(name, work.handle, OLD).catch(async (error: unknown) => {
        await work.remove();
        throw error;
      });
      await target.flush();
      await work.remove();
      await target.utimes(atime, mtime).catch(() => undefined); // the time from the archive, not ours
    } catch (error) {
      throw stagingError(error, `removing ${previous}`, place);
    }
  }

  private async extract(
    archive: ArtifactContent,
    into: FolderHandle,
    excluded: readonly string[],
    place: StagingPlace,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const owners = process.geteuid?.() === 0;
    const args = [
      '--extract',
      '--preserve-permissions',
      '--numeric-owner',
      owners ? '--same-owner' : '--no-same-owner',
      '--delay-directory-restore',
      ...(excluded.length === 0 ? [] : ['--anchored', ...excluded.map(excludeArgument)]),
    ];
    const end = await tarReading(
      [...args, '--xattrs', ...QUIET, `--directory=${FIRST_DESCRIPTOR}`],
      archive,
      { env: this.env, signal, descriptors: [into.fd] },
    );
    if (end.code !== 0) throw programFailure('tar', end, place);
    const lost = `owners were not kept: only root can give files to others, all are user ${process.geteuid?.() ?? '?'}'s now`;
    return [...(owners ? [] : [lost]), ...warningsIn(end.stderr)];
  }

  /** Flushes the file system: a swap must not use content that a crash of the machine could still lose. */
  private async flush(folder: FolderHandle, place: StagingPlace, signal: AbortSignal): Promise<void> {
    const end = await new Program('sync', ['-f', FIRST_DESCRIPTOR], {
      env: this.env,
      signal,
      descriptors: [folder.fd],
    }).end();
    if (end.code !== 0) throw programFailure('sync', end, place);
  }

  private place(folder: string): StagingPlace {
    return { folder, label: this.options.label };
  }
}

/** Returns the total length of the files in a folder and its subfolders. Follows no links. */
async function bytesIn(folder: FolderHandle): Promise<number> {
  let bytes = 0;
  for (const entry of await folder.entries()) {
    await using inner = entry.isDirectory() ? await folder.enterIfThere(entry.name) : undefined;
    bytes += inner ? await bytesIn(inner) : ((await folder.lstatIfThere(entry.name))?.size ?? 0);
  }
  return bytes;
}

/** Removes set-user-ID and set-group-ID bits: other users must not run a restored program as root. */
async function clearSetId(folder: FolderHandle, path: string): Promise<void> {
  const file = pathIn(`/proc/self/fd/${folder.fd}`, Buffer.from(path, 'latin1'));
  const entry = await lstatIfThere(file);
  if (entry?.isFile() === true) await chmod(file, entry.mode & 0o1777);
}

/** Creates the folder if it does not exist; returns whether it did so. */
async function makeFolder(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    return false;
  }
}

/** Opens the folder, which may be a symbolic link itself; `undefined` if it does not exist. */
async function openIfThere(folder: string): Promise<FolderHandle | undefined> {
  try {
    return await FolderHandle.open(await realpath(folder));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return undefined;
  }
}

/** Returns the attributes that tar gave to the folder, and makes it writable for this user again. */
async function takeAttributes(folder: FolderHandle): Promise<FolderAttributes> {
  const { mode, uid, gid, mtimeMs } = await folder.stat();
  await folder.chmod(0o700);
  return { mode: mode & 0o7777, uid, gid, mtime: mtimeMs / 1_000 };
}
