import { chmod, chown, mkdir, rename, rmdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { lstatIfThere } from '../lstat-if-there.ts';
import { errnoOf } from '../store/store-errors.ts';
import { flushFolder } from '../store/write-durably.ts';
import { contentOf, pathIn } from './folder-content.ts';
import { asideName, type SwapPhase } from './own-names.ts';
import { removeNote, turnNote, writeNote, type FolderAttributes, type LockedFolder, type SwapNote } from './swap-note.ts';

/**
 * Moves the old content of a folder out and the new in. Before the first move a note says that this has begun, so that `finish`
 * can finish it for a process that died, from wherever it came to: all that it does may be done again.
 *
 * The phases: `out` while all content of the folder is old, `in` once all of it is new. Only when one is over, and on the disk,
 * the note says the other.
 */
export class Swap {
  readonly warnings: string[] = [];
  private readonly folder: string;
  private readonly id: string;
  private readonly note: SwapNote;
  private phase: SwapPhase;
  private noted: boolean;

  /** With a phase: a swap that has begun. */
  constructor(folder: string, id: string, note: SwapNote, phase?: SwapPhase) {
    this.folder = folder;
    this.id = id;
    this.note = note;
    this.phase = phase ?? 'out';
    this.noted = phase !== undefined;
  }

  /** Whether there is a note, or may be one: whoever gives up leaves the rest to a later `finish`. */
  get hasBegun(): boolean {
    return this.noted;
  }

  async begin(): Promise<void> {
    this.noted = true;
    await writeNote(this.folder, this.id, this.note);
  }

  /** Answers where the old content is; undefined when there was none. */
  async finish(): Promise<string | undefined> {
    if (this.phase === 'out') {
      await this.moveOut();
      await this.turn('in');
    }
    await this.moveIn();
    await this.giveAttributes(({ mode }) => mode | 0o700); // whoever takes the note away has to write here
    await removeNote(this.folder, this.id, 'in');
    this.noted = false;
    // Done. A note that comes back with a crash of the machine, and a folder that stays, are harmless: the next recovery sees to them.
    await flushFolder(this.folder).catch(() => undefined);
    await rmdir(this.aside).catch(() => undefined);
    await this.giveAttributes(({ mode }) => mode);
    return (await lstatIfThere(this.previous)) === undefined ? undefined : this.previous;
  }

  /** Goes back to where the swap began: new content aside, old content in its place, no note. */
  async undo(): Promise<void> {
    if (this.phase === 'in') {
      await moveAll(this.folder, this.aside, this.note.lockedNew);
      await flushFolder(this.aside);
      await this.turn('out');
    }
    if ((await lstatIfThere(this.previous)) !== undefined) {
      await moveAll(this.previous, this.folder, this.note.lockedOld);
      await flushFolder(this.folder);
      await rmdir(this.previous);
    }
    await removeNote(this.folder, this.id, 'out');
    await flushFolder(this.folder);
    this.noted = false;
  }

  private get aside(): string {
    return join(this.folder, asideName(this.id));
  }

  private get previous(): string {
    return join(this.folder, this.note.previous);
  }

  private async moveOut(): Promise<void> {
    if ((await contentOf(this.folder)).content.length === 0 && (await lstatIfThere(this.previous)) === undefined) return;
    await mkdir(this.previous, { mode: 0o700 }).catch(unlessExists);
    await moveAll(this.folder, this.previous, this.note.lockedOld);
    await flushFolder(this.previous);
    await flushFolder(this.folder);
  }

  private async moveIn(): Promise<void> {
    if ((await lstatIfThere(this.aside)) === undefined) return; // the note has come back with a crash of the machine
    await moveAll(this.aside, this.folder, this.note.lockedNew);
    await flushFolder(this.aside);
    await flushFolder(this.folder);
  }

  private async turn(phase: SwapPhase): Promise<void> {
    await turnNote(this.folder, this.id, phase);
    this.phase = phase; // before the flush, which may fail: the note has its new name then
    await flushFolder(this.folder);
  }

  /** The content is in its place whatever comes of this: a failure is a warning. */
  private async giveAttributes(modeOf: (itself: FolderAttributes) => number): Promise<void> {
    const { itself } = this.note;
    if (itself === undefined) return;
    try {
      const { uid, gid } = await stat(this.folder);
      if (process.geteuid?.() === 0 && (uid !== itself.uid || gid !== itself.gid)) await chown(this.folder, itself.uid, itself.gid);
      await chmod(this.folder, modeOf(itself));
      await utimes(this.folder, itself.mtime, itself.mtime);
    } catch (error) {
      const warning = `the folder ${this.folder} itself keeps its owner, mode or time: ${(error as Error).message}`;
      if (!this.warnings.includes(warning)) this.warnings.push(warning);
    }
  }
}

/** Moves all content of a folder into another. Folders that are locked are unlocked for it, and locked again at the end. */
async function moveAll(from: string, to: string, locked: readonly LockedFolder[]): Promise<void> {
  const modes = new Map(locked.map(({ name, mode }) => [name, mode]));
  for (const name of (await contentOf(from)).content) {
    const mode = modes.get(name.toString('base64'));
    if (mode !== undefined) await chmod(pathIn(from, name), mode | 0o200);
    await rename(pathIn(from, name), pathIn(to, name));
  }
  await relock(to, locked);
}

async function relock(folder: string, locked: readonly LockedFolder[]): Promise<void> {
  for (const { name, mode } of locked) await chmod(pathIn(folder, Buffer.from(name, 'base64')), mode).catch(unlessGone);
}

function unlessGone(error: unknown): void {
  if (errnoOf(error) !== 'ENOENT') throw error;
}

function unlessExists(error: unknown): void {
  if (errnoOf(error) !== 'EEXIST') throw error;
}
