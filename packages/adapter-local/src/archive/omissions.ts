import { readlink, realpath } from 'node:fs/promises';
import { posix } from 'node:path';
import { errnoOf } from '@geolens/backup-system';
import { specialKind } from './member-rule.ts';
import { isOwnName } from './restore-file-names.ts';
import { bytesOf, type FolderEntry } from './walk-folder.ts';

/** Content that an archive of the folder lacks, and what the operator can do. */
export interface Omission {
  readonly message: string;
  readonly hint: string;
}

/** Maximum number of names in a message; the rest is counted. */
const SHOWN = 3;

/** Maximum length of a path in a message, in characters. */
const SHOWN_LENGTH = 120;

/**
 * Collects what an archive of a folder leaves out. These are targets of links that lead outside, special
 * files, and entries of restores.
 */
export class Omissions {
  /** Paths of entries that tar must not archive. One character for each byte. */
  readonly excluded: string[] = [];
  private readonly root: string;
  private readonly links = new Sample();
  private readonly special = new Sample();
  private readonly own = new Sample();
  private readonly long = new Sample();

  /** @param root resolved path of the folder, one character for each byte */
  constructor(root: string) {
    this.root = root;
  }

  async add({ path, entry, isContent }: FolderEntry): Promise<void> {
    if (!isContent) {
      this.excluded.push(path);
      (isOwnName(path.slice('./'.length)) ? this.own : this.long).add(path);
      return;
    }
    if (entry.isSymbolicLink()) {
      const target = await targetOutside(this.root, path);
      if (target !== undefined) this.links.add(path, ` -> ${shownPath(target)}`);
      return;
    }
    const kind = specialKind(entry);
    if (kind === undefined) return;
    this.excluded.push(path);
    this.special.add(path, ` (${kind})`);
  }

  /** @param place the folder, for messages */
  list(place: string): readonly Omission[] {
    const { links, special, own, long } = this;
    const found: Omission[] = [];
    if (links.count > 0)
      found.push({
        message: `${links.counted('symbolic link')} out of ${place}, and what is there is not in the archive: ${links.names}`,
        hint: 'Copy or mount it into the folder, or back it up separately',
      });
    if (special.count > 0)
      found.push({
        message: `devices, sockets and FIFOs in ${place} are not archived: ${special.names}`,
        hint: 'Remove them; a program that needs them creates them again',
      });
    if (own.count > 0)
      found.push({
        message: `the archive leaves out what restores have left in ${place}: ${own.names}`,
        hint: 'Move what is still needed to another name, and remove the rest',
      });
    if (long.count > 0)
      found.push({
        message: `entries of ${place} whose paths are too long are not archived: ${long.names}`,
        hint: 'Move them up, or give their folders shorter names',
      });
    return found;
  }
}

/** Counts paths and keeps the first ones. */
export class Sample {
  count = 0;
  private readonly first: string[] = [];
  private readonly shown: number;

  constructor(shown = SHOWN) {
    this.shown = shown;
  }

  add(path: string, note = ''): void {
    this.count += 1;
    if (this.first.length < this.shown) this.first.push(`${shownPath(path)}${note}`);
  }

  get names(): string {
    return `${this.first.join(', ')}${this.count > this.shown ? ` and ${this.count - this.shown} more` : ''}`;
  }

  counted(noun: string): string {
    return this.count === 1 ? `1 ${noun} leads` : `${this.count} ${noun}s lead`;
  }
}

/** Returns a path as text, without control characters and shortened. */
export function shownPath(path: string): string {
  const text = Buffer.from(path, 'latin1')
    .toString('utf8')
    .replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return text.length <= SHOWN_LENGTH ? text : `${text.slice(0, SHOWN_LENGTH)}…`;
}

/**
 * Returns the target of a link that leads outside the folder; `undefined` if it stays inside or is
 * unreadable. A dangling link counts as its text: its target may be missing only on this machine.
 */
async function targetOutside(root: string, link: string): Promise<string | undefined> {
  try {
    const path = bytesOf(root, link);
    const target = (await readlink(path, 'buffer')).toString('latin1');
    const end = await realpath(path, 'buffer').then(
      (found) => found.toString('latin1'),
      () => posix.resolve(root, posix.dirname(link), target),
    );
    return `${end}/`.startsWith(root === '/' ? root : `${root}/`) ? undefined : target;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined; // tar reports an unreadable link
  }
}
