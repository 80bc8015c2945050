import { formatTimestamp, type Clock } from '@geolens/backup-core';
import { errnoOf } from '@geolens/backup-system';
import type { FolderHandle } from './folder-handle.ts';
import { previousName } from './restore-file-names.ts';
import type { FolderAttributes, StagingRecord } from './staging-records.ts';
import { NEW, OLD, type WorkFolder } from './work-folder.ts';

const SECOND = 1_000;

/** Maximum number of attempts to find a free name for the old content: another user may take a name. */
const ATTEMPTS = 10;

/** Error codes of a move to a name that is taken. */
const TAKEN = new Set(['EEXIST', 'ENOTEMPTY', 'ENOTDIR']);

/**
 * Swaps the old content of a folder with the new content, through a work folder. Updates the record before
 * the first move, so `finish` can continue after the process died. All steps are repeatable.
 *
 * Phases: `out` while all content of the folder is old, `in` once all of it is new. The record changes only
 * when a phase is complete and on the disk.
 */
export class Swap {
  readonly warnings: string[] = [];
  private readonly work: WorkFolder;
  private readonly clock: Clock;

  /** If the swap has already begun, the record of the work folder is in phase `out` or `in`. */
  constructor(work: WorkFolder, clock: Clock) {
    this.work = work;
    this.clock = clock;
  }

  async begin(attributes: FolderAttributes | undefined): Promise<void> {
    await using fresh = await this.work.handle.enter(NEW);
    await this.work.update({
      phase: 'out',
      lockedOld: await lockedIn(this.work.folder),
      lockedNew: await lockedIn(fresh),
      attributes,
    });
  }

  /**
   * Finishes the swap.
   * @returns the name of the old content in the folder; `undefined` if there was none
   */
  async finish(): Promise<string | undefined> {
    if (this.record.phase === 'out') {
      await this.moveOut();
      await this.work.update({ phase: 'in' });
    }
    await this.moveIn();
    const previous = await this.keepOld();
    await this.giveAttributes(({ mode }) => mode | 0o700); // removing the work folder needs it
    // The content is in place. The next recovery removes a remaining work folder or record.
    await this.removeWork().catch(() => undefined);
    await this.giveAttributes(({ mode }) => mode);
    return previous;
  }

  /** Restores the state before the swap: new content in the work folder, old content in its place. */
  async undo(): Promise<void> {
    const { folder, handle } = this.work;
    if (this.record.phase === 'in') {
      await using fresh = await handle.enter(NEW);
      await moveAll(folder, fresh, this.record.lockedNew);
      await fresh.flush();
      await this.work.update({ phase: 'out' });
    }
    await using old = await handle.enterIfThere(OLD);
    if (old !== undefined) {
      await moveAll(old, folder, this.record.lockedOld);
      await folder.flush();
      await handle.rmdir(OLD);
    }
    await this.work.update({ phase: 'unpacking' });
  }

  private get record(): StagingRecord {
    return this.work.record;
  }

  private async moveOut(): Promise<void> {
    const { folder, handle } = this.work;
    if ((await folder.content()).content.length === 0 && (await handle.lstatIfThere(OLD)) === undefined)
      return;
    await handle.mkdir(OLD).catch(unlessExists);
    await handle.flush();
    await using old = await handle.enter(OLD);
    await moveAll(folder, old, this.record.lockedOld);
    await old.flush();
    await folder.flush();
  }

  private async moveIn(): Promise<void> {
    await using fresh = await this.work.handle.enterIfThere(NEW);
    if (fresh === undefined) return; // a process that died has removed it already
    await moveAll(fresh, this.work.folder, this.record.lockedNew);
    await fresh.flush();
    await this.work.folder.flush();
  }

  /** Moves the old content out of the work folder, to the first free name from the current second on. */
  private async keepOld(): Promise<string | undefined> {
    const { folder, handle } = this.work;
    if ((await handle.lstatIfThere(OLD)) === undefined) return undefined;
    for (let attempt = 1; ; attempt += 1) {
      const name = await this.freeName();
      try {
        await handle.rename(OLD, folder, name);
        await folder.flush().catch(() => undefined); // a failure must not lead to undo, which does not know this name
        return name;
      } catch (error) {
        if (attempt === ATTEMPTS || !TAKEN.has(errnoOf(error) ?? '')) throw error;
      }
    }
  }

  private async freeName(): Promise<string> {
    const taken = new Set((await this.work.folder.content()).own);
    let moment = this.clock.now().getTime();
    while (taken.has(previousName(formatTimestamp(new Date(moment))))) moment += SECOND;
    return previousName(formatTimestamp(new Date(moment)));
  }

  private async removeWork(): Promise<void> {
    await this.work.handle.rmdir(NEW).catch(unlessGone); // fails, and keeps all, if any content is left
    await this.work.remove();
  }

  /** Restores the attributes of the folder. Failures are warnings, because the content is in place. */
  private async giveAttributes(modeOf: (attributes: FolderAttributes) => number): Promise<void> {
    const {
      folder,
      record: { attributes },
    } = this.work;
    if (attributes === undefined) return;
    try {
      const { uid, gid } = await folder.stat();
      if (process.geteuid?.() === 0 && (uid !== attributes.uid || gid !== attributes.gid))
        await folder.chown(attributes.uid, attributes.gid);
      await folder.chmod(modeOf(attributes));
      await folder.utimes(attributes.mtime, attributes.mtime);
    } catch (error) {
      const warning = `the folder ${folder.label} itself keeps its owner, mode or time: ${(error as Error).message}`;
      if (!this.warnings.includes(warning)) this.warnings.push(warning);
    }
  }
}

/**
 * Moves all content of a folder into another. A move writes to the moved folder (its `..`). So locked folders
 * are unlocked first and locked again at the end. Only the owner's write permission changes, so a wrong name
 * cannot expose a folder.
 */
async function moveAll(from: FolderHandle, to: FolderHandle, locked: readonly string[] = []): Promise<void> {
  const names = new Set(locked);
  for (const name of (await from.content()).content) {
    if (names.has(name.toString('base64'))) await changeMode(from, name, (mode) => mode | 0o200);
    await from.rename(name, to);
  }
  for (const name of locked) await changeMode(to, Buffer.from(name, 'base64'), (mode) => mode & ~0o200);
}

async function changeMode(
  folder: FolderHandle,
  name: Buffer,
  change: (mode: number) => number,
): Promise<void> {
  await using inner = await folder.enterIfThere(name);
  if (inner !== undefined) await inner.chmod(change((await inner.stat()).mode & 0o7777));
}

/** Returns the base64 names of the folders that their owner cannot write to. */
async function lockedIn(folder: FolderHandle): Promise<readonly string[]> {
  const locked: string[] = [];
  for (const name of (await folder.content()).content) {
    const entry = await folder.lstatIfThere(name);
    if (entry?.isDirectory() === true && (entry.mode & 0o200) === 0) locked.push(name.toString('base64'));
  }
  return locked;
}

function unlessGone(error: unknown): void {
  if (errnoOf(error) !== 'ENOENT') throw error;
}

function unlessExists(error: unknown): void {
  if (errnoOf(error) !== 'EEXIST') throw error;
}
