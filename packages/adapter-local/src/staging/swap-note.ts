import { lstat, readFile, rename, rm } from 'node:fs/promises';
import { flushFolder, textContent, writeDurably } from '../store/write-durably.ts';
import { noteName, type SwapPhase } from './own-names.ts';
import { contentOf, pathIn } from './folder-content.ts';

/** A folder that lets nobody write into it, so that it has to be unlocked for being moved. */
export interface LockedFolder {
  /** As bytes, in base64. */
  readonly name: string;
  readonly mode: number;
}

/** Mode, owner and time of the staging folder itself. */
export interface FolderAttributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly mtime: number;
}

/** All that finishing a swap takes, for a process that knows nothing else. */
export interface SwapNote {
  /** The name of the folder that the old content goes to, if there is any. */
  readonly previous: string;
  readonly lockedOld: readonly LockedFolder[];
  readonly lockedNew: readonly LockedFolder[];
  /** What the archive says of the folder itself; undefined when it says nothing. */
  readonly itself?: FolderAttributes | undefined;
}

/** Notes durably that the swap begins. */
export async function writeNote(folder: string, id: string, note: SwapNote): Promise<void> {
  const path = pathOf(folder, id, 'out');
  await writeDurably(path, textContent(JSON.stringify(note)));
  await flushFolder(folder);
}

/** The note, or undefined when it was not written to its end, for then nothing has been moved. */
export async function readNote(folder: string, id: string, phase: SwapPhase): Promise<SwapNote | undefined> {
  const text = await readFile(pathOf(folder, id, phase), 'utf8');
  try {
    return JSON.parse(text) as SwapNote;
  } catch (error) {
    // The second phase only comes to a note that was whole. This one is damaged, and guessing might mix old and new.
    if (phase === 'in') throw error;
    return undefined;
  }
}

/** Notes that another phase begins. The caller flushes the folder. */
export async function turnNote(folder: string, id: string, phase: SwapPhase): Promise<void> {
  await rename(pathOf(folder, id, phase === 'in' ? 'out' : 'in'), pathOf(folder, id, phase));
}

/** Takes the note away, if there is one. The caller flushes the folder. */
export async function removeNote(folder: string, id: string, phase: SwapPhase): Promise<void> {
  await rm(pathOf(folder, id, phase), { force: true });
}

/** Of the content of a folder, the folders that cannot be moved as they are: a folder that is moved is written to (its `..`). */
export async function lockedIn(folder: string): Promise<readonly LockedFolder[]> {
  const locked: LockedFolder[] = [];
  for (const name of (await contentOf(folder)).content) {
    const entry = await lstat(pathIn(folder, name));
    if (entry.isDirectory() && (entry.mode & 0o200) === 0) locked.push({ name: name.toString('base64'), mode: entry.mode & 0o7777 });
  }
  return locked;
}

function pathOf(folder: string, id: string, phase: SwapPhase): string {
  return `${folder}/${noteName(id, phase)}`;
}
