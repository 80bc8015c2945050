import type { Dirent } from 'node:fs';
import { isOwnName } from './restore-file-names.ts';

/** Maximum length of a path that the system opens, in bytes. */
const LONGEST_PATH = 4_095;

/** Types in tar's listing that a restore does not unpack: character and block devices. */
const DEVICES = 'cb';

/**
 * The shared rule of archive, check, dry run and restore. Returns why an entry of a staging folder is left
 * out; `undefined` if it is restored. A restore unpacks the FIFOs of older archives.
 * @param path path from the folder, without `./`; one character for each byte
 * @param type type in tar's listing: `-` a file, `d` a folder, `l` a link, `c` a device …
 * @param root start of the paths that open entries; a restore opens them from the folder itself
 */
export function leftOutReason(path: string, type: string, root = '.'): string | undefined {
  if (isOwnName(path.split('/', 1)[0] ?? '')) return 'names that are kept for restores';
  if (root.length + '/'.length + path.length > LONGEST_PATH) return 'paths that are too long';
  return DEVICES.includes(type) ? 'devices' : undefined;
}

/** Returns the kind of an entry without data, which archives exclude; `undefined` for other entries. */
export function specialKind(entry: Dirent): 'socket' | 'FIFO' | 'device' | undefined {
  if (entry.isSocket()) return 'socket';
  if (entry.isFIFO()) return 'FIFO';
  return entry.isCharacterDevice() || entry.isBlockDevice() ? 'device' : undefined;
}
