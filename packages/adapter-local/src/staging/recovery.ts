import { join } from 'node:path';
import { lstatIfThere } from '../lstat-if-there.ts';
import { flushFolder } from '../store/write-durably.ts';
import { contentOf } from './folder-content.ts';
import { asideId, asideName, isDroppedName, parseNoteName, type SwapPhase } from './own-names.ts';
import { removeTree } from './remove-tree.ts';
import { Swap } from './swap.ts';
import { readNote, removeNote } from './swap-note.ts';

/** Finishes the swaps that a folder has notes of, then removes what was unpacked and not swapped, and what was being dropped. */
export async function recoverFolder(folder: string): Promise<readonly string[]> {
  const done: string[] = [];
  for (const { id, phase } of await unfinishedSwaps(folder)) done.push(...(await finishSwap(folder, id, phase)));
  for (const name of await ownNames(folder)) {
    const unpacked = asideId(name) !== undefined;
    if (!unpacked && !isDroppedName(name)) continue;
    await removeTree(join(folder, name));
    done.push(`removed ${join(folder, name)}, ${unpacked ? 'which a restore had unpacked and not put in place' : 'an old content that was to be removed'}`);
  }
  return done;
}

/** The swaps that have begun and are not over. */
export async function unfinishedSwaps(folder: string): Promise<readonly { readonly id: string; readonly phase: SwapPhase }[]> {
  return (await ownNames(folder)).flatMap((name) => parseNoteName(name) ?? []);
}

async function finishSwap(folder: string, id: string, phase: SwapPhase): Promise<readonly string[]> {
  const note = await readNote(folder, id, phase);
  // With the new content gone there is nothing to swap: the swap was undone, and the note came back with a crash of the machine.
  if (note === undefined || (phase === 'out' && (await lstatIfThere(join(folder, asideName(id)))) === undefined)) {
    await removeNote(folder, id, phase);
    await flushFolder(folder);
    return [];
  }
  const swap = new Swap(folder, id, note, phase);
  const previous = await swap.finish();
  const old = previous === undefined ? '' : `; the old content is in ${previous}`;
  return [`finished the restore of ${folder} that had begun: the new content is in its place${old}`, ...swap.warnings];
}

async function ownNames(folder: string): Promise<readonly string[]> {
  return (await lstatIfThere(folder)) === undefined ? [] : (await contentOf(folder)).own;
}
