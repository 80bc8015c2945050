import { BackupError } from '@geolens/backup-core';
import { listedLines } from './listed-lines.ts';
import { unescapedBytes } from './member-names.ts';
import { isOwnName } from './restore-file-names.ts';

/**
 * What tar has to be told so that its listing can be checked: links as they stand in the archive, names that
 * cannot be mistaken.
 */
export const LISTING_ARGUMENTS = [
  '--list',
  '--verbose',
  '--numeric-owner',
  '--quoting-style=c',
  '--absolute-names',
];

/**
 * Type, then mode, owner, size and time, then the name; a hard link also has its target. In names, `"` and
 * `\` have a `\` before them.
 */
const LINE = /^(.)[^"]*"((?:[^"\\]|\\.)*)"(?: link to "((?:[^"\\]|\\.)*)")?/;

/** Files, folders, links of both kinds, pipes, and files that a system of old kept in one piece. */
const KNOWN_TYPES = '-dhlpC';

/** Character and block devices. */
const DEVICES = 'cb';

/** Devices that are left out. Programs take a limited number of arguments; no sound archive holds as many. */
const MOST_DEVICES = 100;

/** Longer lines have names that no file system takes: 4096 bytes, four characters each, and that twice. */
const LONGEST = 40_000;

/**
 * Looks at the members of an archive by tar's listing of it, and refuses those that would lie, or be written,
 * outside the folder that they are unpacked into. What it compares are names as tar writes them: every byte
 * has one way of being written.
 */
export class MemberCheck {
  members = 0;
  /** Whether there is a member for the folder itself, that says its mode, owner and time. */
  holdsItself = false;
  /** Members that must not be unpacked: devices, and hard links to them. One character for each byte. */
  readonly leftOut: string[] = [];
  private refused: BackupError | undefined;
  /** What has to be a folder: folder members, and whatever another member lies below. */
  private readonly folders = new Set<string>();
  /** Links and devices: no member may lie below them, for that might lie anywhere. */
  private readonly links = new Set<string>();

  /** Takes a part of the listing. */
  readonly add = listedLines((line) => {
    this.members += 1;
    this.refused ??= this.inspect(line);
  });

  /** @throws BackupError ARTIFACT_UNREADABLE when a member was refused, or there was none */
  conclude(): void {
    if (this.refused !== undefined) throw this.refused;
    // tar takes nothing at all for an archive of nothing; ours have the folder itself at least.
    if (this.members === 0) throw new BackupError('ARTIFACT_UNREADABLE', 'the archive has no members');
  }

  private inspect(line: string): BackupError | undefined {
    const [, type, name, target] = line.length > LONGEST ? [] : (LINE.exec(line) ?? []);
    if (type === undefined || name === undefined)
      return refusal('is not listed as expected', line.slice(0, 200));
    const path = within(name);
    if (path === undefined) return refusal('holds a name that would leave the folder', name);
    // Only a name that tar writes itself is sure to be left out by it.
    const device = DEVICES.includes(type) && name === `./${path}` && this.leftOut.length < MOST_DEVICES;
    if (!KNOWN_TYPES.includes(type) && !device)
      return refusal('holds what is no file, folder, link or pipe', name);
    if (path === '' && type !== 'd')
      return refusal('holds something else in the place of the folder itself', name);
    if (isOwnName(path.split('/', 1)[0] ?? ''))
      return refusal('holds a name that is kept for restores', name);
    if (type === 'd') this.folders.add(path);
    this.holdsItself ||= path === '';
    if (device) this.leftOut.push(unescapedBytes(name));
    if (type === 'h') {
      const file = within(target ?? '');
      if (file === undefined || file === '')
        return refusal('holds a link to a file outside the folder', `${name} -> ${target ?? ''}`);
      if (this.passesLink(file))
        return refusal('holds a name that would leave the folder', `${name} -> ${target ?? ''}`);
      if (this.leftOut.includes(`./${unescapedBytes(file)}`)) this.leftOut.push(unescapedBytes(name));
    }
    if (this.links.has(path) || this.passesLink(path))
      return refusal('holds a name that would leave the folder', name);
    if (type !== 'h' && type !== 'l' && !device) return undefined;
    if (this.folders.has(path)) return refusal('holds a name that would leave the folder', name);
    this.links.add(path);
    return undefined;
  }

  /**
   * Whether a folder on the way to the path is a link. Notes them all: no later member may make one a link.
   */
  private passesLink(path: string): boolean {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end);
      if (this.links.has(folder)) return true;
      if (this.folders.has(folder)) return false; // it was looked at, and so were those above it
      this.folders.add(folder);
    }
    return false;
  }
}

/** The path from the folder, without `.` and empty parts; undefined when it leads out of it. */
function within(name: string): string | undefined {
  if (name === '' || name.startsWith('/')) return undefined;
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? undefined : parts.join('/');
}

function refusal(what: string, name: string): BackupError {
  return new BackupError('ARTIFACT_UNREADABLE', `the archive ${what}: ${name}`, {
    hint: 'Nothing was unpacked; restore another set',
  });
}
