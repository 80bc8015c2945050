import { BackupError, type ArtifactContent } from '@geolens/backup-core';
import { describeEnd, endedByOthers } from '@geolens/backup-system';
import { leftOutReason } from './member-rule.ts';
import { Sample, shownPath } from './omissions.ts';
import { listedLines, LISTING_ARGUMENTS, LISTING_LINE, LONGEST_LINE, unescapedBytes } from './tar-listing.ts';
import { tarReading, type TarOptions } from './tar.ts';

/** Files, folders, links of both kinds, pipes, devices, and files that an old system kept in one piece. */
const KNOWN_TYPES = '-dhlpcbC';

/** Set-user-ID or set-group-ID in the text of a mode. */
const SET_ID = /^(?:..[sS]|.{5}[sS])/;

/** Members that are left out. Programs take a limited number of arguments; no sound archive holds as many. */
const MOST_LEFT_OUT = 1_000;

/** Bytes of their names. */
const MOST_LEFT_OUT_BYTES = 500_000;

const SHOWN = 10;

const LEAVES = 'names that would leave the folder';

/**
 * Judges the members of an archive by tar's listing of it, and finds those that would lie, or be written,
 * outside the folder that they are unpacked into. It compares names as tar writes them: every byte has one
 * way of being written.
 */
export class MemberCheck {
  members = 0;
  /** Whether there is a member for the folder itself, that gives its mode, owner and time. */
  holdsItself = false;
  /** Why nothing of the archive is unpacked; `undefined` if it is. */
  refusal: string | undefined;
  /** Members that must not be unpacked. One character for each byte. */
  readonly excluded: string[] = [];
  /** Files with the bits set-user-ID or set-group-ID, as bytes below the folder. */
  readonly setId: string[] = [];
  /** How many members are left out. */
  leftOutCount = 0;
  private excludedBytes = 0;
  private readonly reasons = new Map<string, Sample>();
  private readonly onMember: ((path: string) => void) | undefined;
  /** What has to be a folder: folder members, and whatever another member lies below. */
  private readonly folders = new Set<string>();
  /** Links: no member may lie below them, for that might lie anywhere. */
  private readonly links = new Set<string>();
  /** Paths of members that are left out, with the reason and the name that tar excludes. */
  private readonly gone = new Map<string, { readonly reason: string; readonly name: string }>();

  /** @param onMember called with the name of each member, as it stands in the archive */
  constructor(onMember?: (path: string) => void) {
    this.onMember = onMember;
  }

  /** Takes a part of the listing. */
  readonly add = listedLines((line) => {
    this.members += 1;
    this.inspect(line);
  });

  /** What is left out: one text for each reason, with names. */
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

  /** Whether the member, or one below it, might lie outside the folder. */
  private leaves(type: string, path: string): boolean {
    if (this.links.has(path) || this.passesLink(path)) return true;
    return (type === 'h' || type === 'l') && this.folders.has(path);
  }

  /** The reason why the path, or a folder on the way to it, is left out. */
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
    // tar excludes with a folder all that is named below it.
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

export interface ListOptions extends TarOptions {
  readonly label: string;
  readonly hint: string;
  readonly onMember?: ((path: string) => void) | undefined;
}

/**
 * Judges all members of an archive; nothing is unpacked.
 * @param label what messages call the archive
 * @throws BackupError ARTIFACT_UNREADABLE if the archive does not read through or has no members
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
  // tar takes nothing at all for an archive of nothing; ours have the folder itself at least.
  if (check.members === 0) throw new BackupError('ARTIFACT_UNREADABLE', 'the archive has no members');
  return check;
}
