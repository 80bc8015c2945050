import { BackupError, type ArtifactContent } from '@geolens/backup-core';
import { describeEnd, endedByOthers } from '@geolens/backup-system';
import { leftOutReason } from './member-rule.ts';
import { Sample, shownPath } from './omissions.ts';
import { listedLines, LISTING_ARGUMENTS, LISTING_LINE, LONGEST_LINE, unescapedBytes } from './tar-listing.ts';
import { tarReading, type TarOptions } from './tar.ts';

/** Types of files, folders, both links, pipes, devices, and of contiguous files of old systems. */
const KNOWN_TYPES = '-dhlpcbC';

/** Matches set-user-ID or set-group-ID in the text of a mode. */
const SET_ID = /^(?:..[sS]|.{5}[sS])/;

/** Maximum number of excluded members, because arguments are limited; no sound archive has so many. */
const MOST_LEFT_OUT = 1_000;

/** Maximum size of the excluded names, in bytes. */
const MOST_LEFT_OUT_BYTES = 500_000;

const SHOWN = 10;

const LEAVES = 'names that would leave the folder';

/**
 * Checks the members of an archive by tar's listing. Finds members outside the target folder, and members
 * that tar would write outside it. Compares names as tar writes them: each byte has one representation.
 */
export class MemberCheck {
  members = 0;
  /** Whether a member for the folder itself gives its mode, owner and time. */
  holdsItself = false;
  /** Why the archive is not unpacked; `undefined` if it is. */
  refusal: string | undefined;
  /** Members that must not be unpacked. One character for each byte. */
  readonly excluded: string[] = [];
  /** Files with set-user-ID or set-group-ID bits: paths below the folder, as bytes. */
  readonly setId: string[] = [];
  /** Number of members that are left out. */
  leftOutCount = 0;
  private excludedBytes = 0;
  private readonly reasons = new Map<string, Sample>();
  private readonly onMember: ((path: string) => void) | undefined;
  /** Paths that must be folders: folder members, and all parents of other members. */
  private readonly folders = new Set<string>();
  /** Links. No member may be below a link, because the link may point anywhere. */
  private readonly links = new Set<string>();
  /** Paths of excluded members, with the reason and the name that tar excludes. */
  private readonly gone = new Map<string, { readonly reason: string; readonly name: string }>();

  /** @param onMember called with the name of each member, as the archive has it */
  constructor(onMember?: (path: string) => void) {
    this.onMember = onMember;
  }

  /** Adds a part of the listing. */
  readonly add = listedLines((line) => {
    this.members += 1;
    this.inspect(line);
  });

  /** One text for each reason to leave members out, with names. */
  get leftOut(): readonly string[] {
    return [...this.reasons].map(([reason, sample]) => `${reason}: ${sample.names}`);
  }

  private inspect(line: string): void {
    const [, type, mode, name, target] = line.length > LONGEST_LINE ? [] : (LISTING_LINE.exec(line) ?? []);
    if (type === undefined || mode === undefined || name === undefined) {
      this.refuse('is not listed as expected', line.slice(0, 200));
      return;
    }
    this.onMember?.(Buffer.from(unescapedBytes(name), 'latin1').toString('utf8'));
    const path = within(name);
    if (!KNOWN_TYPES.includes(type)) this.refuse('holds what is no file, folder, link or pipe', name);
    else if (path === '' && type !== 'd')
      this.refuse('holds something else in the place of the folder itself', name);
    else if (path === undefined) this.leaveOut(LEAVES, name);
    else this.judge(type, mode, name, path, target ?? '');
  }

  private judge(type: string, mode: string, name: string, path: string, target: string): void {
    this.holdsItself ||= path === '';
    const reason =
      this.reasonAbove(path) ??
      leftOutReason(unescapedBytes(path), type) ??
      (type === 'h' ? this.reasonOfTarget(target) : undefined) ??
      (this.leaves(type, path) ? LEAVES : undefined);
    if (reason !== undefined) {
      this.leaveOut(reason, name, path, target === '' ? '' : ` -> ${target}`);
      return;
    }
    if (type === 'd') this.folders.add(path);
    if (type === 'h' || type === 'l') this.links.add(path);
    if ((type === '-' || type === 'C') && SET_ID.test(mode)) {
      this.setId.push(unescapedBytes(path));
      this.note('set-user-ID and set-group-ID bits', name);
    }
  }

  private reasonOfTarget(target: string): string | undefined {
    const file = within(target);
    if (file === undefined || file === '') return 'links to files outside the folder';
    return this.reasonAbove(file) ?? (this.passesLink(file) ? LEAVES : undefined);
  }

  /** Returns whether the member, or one below it, may be outside the folder. */
  private leaves(type: string, path: string): boolean {
    if (this.links.has(path) || this.passesLink(path)) return true;
    return (type === 'h' || type === 'l') && this.folders.has(path);
  }

  /** Returns why the path or one of its parents is left out; `undefined` if none is. */
  private reasonAbove(path: string): string | undefined {
    return this.goneAbove(path)?.reason;
  }

  private goneAbove(path: string): { readonly reason: string; readonly name: string } | undefined {
    if (this.gone.size === 0) return undefined;
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const found = this.gone.get(path.slice(0, end));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  private leaveOut(reason: string, written: string, path?: string, target = ''): void {
    this.leftOutCount += 1;
    const name = unescapedBytes(written).replace(/\/+$/, '');
    const above = path === undefined ? undefined : this.goneAbove(path);
    // Excluding a folder makes tar exclude all names below it.
    if (above !== undefined && `${name}/`.startsWith(`${above.name}/`)) return;
    this.note(reason, `${written}${target}`);
    this.excluded.push(name);
    this.excludedBytes += name.length;
    if (path !== undefined) this.gone.set(path, { reason, name });
    if (name === '' || this.excluded.length > MOST_LEFT_OUT || this.excludedBytes > MOST_LEFT_OUT_BYTES)
      this.refuse('holds more members that cannot be restored than any sound archive', written);
  }

  private note(reason: string, written: string): void {
    const sample = this.reasons.get(reason) ?? new Sample(SHOWN);
    this.reasons.set(reason, sample);
    sample.add(unescapedBytes(written));
  }

  private refuse(what: string, written: string): void {
    this.refusal ??= `${what}: ${shownPath(unescapedBytes(written))}`;
  }

  /**
   * Returns whether a parent of the path is a link. Records all parents, so no later member may replace one
   * with a link.
   */
  private passesLink(path: string): boolean {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end);
      if (this.links.has(folder)) return true;
      if (this.folders.has(folder)) return false; // it and its parents were checked
      this.folders.add(folder);
    }
    return false;
  }
}

/** Returns the path from the folder, without `.` and empty parts; `undefined` if it leads outside. */
function within(name: string): string | undefined {
  if (name === '' || name.startsWith('/')) return undefined;
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? undefined : parts.join('/');
}

export interface ListOptions extends TarOptions {
  readonly label: string;
  readonly hint: string;
  readonly onMember?: ((path: string) => void) | undefined;
}

/**
 * Checks all members of an archive without unpacking it.
 * @param label name of the archive for messages
 * @throws BackupError ARTIFACT_UNREADABLE if the archive cannot be read to its end or has no members
 */
export async function listMembers(
  archive: ArtifactContent,
  { label, hint, onMember, ...options }: ListOptions,
): Promise<MemberCheck> {
  const check = new MemberCheck(onMember);
  const end = await tarReading(LISTING_ARGUMENTS, archive, options, check.add);
  if (end.code !== 0)
    throw (
      endedByOthers('tar', end) ??
      new BackupError('ARTIFACT_UNREADABLE', `${label} does not read through: ${describeEnd('tar', end)}`, {
        hint,
      })
    );
  // tar accepts an empty file as an empty archive; our archives have at least the folder itself.
  if (check.members === 0) throw new BackupError('ARTIFACT_UNREADABLE', 'the archive has no members');
  return check;
}
