import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostileBucket } from './hostile-bucket.ts';

/** What an attacker of one program works on, and what lies around it. */
export interface Arena {
  readonly root: string;
  readonly backups: string;
  readonly staging: string;
  /** The folder that files are restored into. */
  readonly target: string;
  /** A folder that no command has to do with. */
  readonly outside: string;
  /** A folder that all users may write to: what runs and should not leaves a file there. */
  readonly marks: string;
  readonly bucket: HostileBucket;
  readonly database: string;
  /** Timestamps of the good sets, oldest first. */
  readonly good: readonly string[];
  /** Timestamps of sets that the attacker made, or changed, in any store. */
  readonly forged: Set<string>;
  /** Timestamps of good sets of which the attacker changed something on the volume. */
  readonly touched: Set<string>;
  /** Whether a set on the volume, which is trusted, brings a role with privileges over the server. */
  roleIsTrusted: boolean;
}

/** What an arena begins with. */
export interface Pristine extends Pick<Arena, 'bucket' | 'database' | 'good' | 'marks'> {
  /** A folder with a copy of the sets. */
  readonly backups: string;
  readonly staging: string;
  readonly objects: ReadonlyMap<string, Buffer>;
}

export function newArena(pristine: Pristine): Arena {
  const root = mkdtempSync(join(tmpdir(), 'geolens-hostile-'));
  const at = (...names: string[]): string => join(root, ...names);
  for (const name of ['volume', 'target', 'home', 'tmp', 'cwd', 'restore-tests', 'outside/cron.d'])
    mkdirSync(at(name), { recursive: true });
  chmodSync(root, 0o711);
  execFileSync('cp', ['-a', pristine.backups, at('volume', 'backups')]);
  execFileSync('cp', ['-a', pristine.staging, at('volume', 'staging')]);
  for (const name of ['kept', 'passwd', 'shadow', 'cron.d/x', '../volume/kept', '../target/kept', '../kept'])
    writeFileSync(at('outside', name), `kept: ${name}\n`, { mode: name === 'shadow' ? 0o600 : 0o644 });
  mkdirSync(at('target', 'files'));
  writeFileSync(at('target', 'files', 'old'), 'old');
  const { bucket, database, good, marks } = pristine;
  bucket.objects = new Map(pristine.objects);
  bucket.lies = [];
  bucket.changed.length = 0;
  bucket.strayed.length = 0;
  return {
    root,
    backups: at('volume', 'backups'),
    staging: at('volume', 'staging'),
    target: at('target', 'files'),
    outside: at('outside'),
    marks,
    bucket,
    database,
    good,
    forged: new Set(),
    touched: new Set(),
    roleIsTrusted: false,
  };
}

/** Returns what can be seen of everything in a folder, by path; of these folders, that they are folders. */
export function everythingIn(folder: string, but: readonly string[]): ReadonlyMap<string, string> {
  const facts = new Map<string, string>();
  const visit = (path: string): void => {
    const stats = lstatSync(path);
    if (but.includes(path)) {
      facts.set(path, stats.isDirectory() ? 'a folder' : 'no folder');
      return;
    }
    const { ino, mode, uid, gid, size, mtimeMs, rdev } = stats;
    const file = stats.isFile() ? [size, mtimeMs, digest(path)] : [];
    const target = stats.isSymbolicLink() ? [readlinkSync(path)] : [];
    facts.set(path, [ino, mode, uid, gid, rdev, ...file, ...target].join(' '));
    if (stats.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
  };
  visit(folder);
  return facts;
}

/** Returns what is new, gone or changed. */
export function differences(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => `${JSON.stringify(path)}: ${before.get(path) ?? 'none'} -> ${after.get(path) ?? 'gone'}`);
}

export function removeArena({ root }: Arena): void {
  rmSync(root, { recursive: true, force: true });
}

function digest(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
