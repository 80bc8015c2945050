import { lstat, readFile as readText, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  BackupError,
  parseKey,
  type ArtifactKey,
  type ByteRange,
  type Draft,
  type ReadingOptions,
} from '@geolens/backup-core';
import { nameOfKey } from '@geolens/backup-core/internal';
import {
  errnoOf,
  flushFolder,
  readFile,
  textContent,
  writeDurably,
  type Written,
} from '@geolens/backup-system';
import { intentName } from './temporary-names.ts';

/** Maximum length of a file name, in bytes. */
const LONGEST_NAME = 255;

/** An artifact under a temporary name in its final folder. */
export class LocalDraft implements Draft {
  readonly key: ArtifactKey;
  readonly bytes: number;
  readonly sha256: string;
  /** Path before publication. */
  readonly path: string;
  /** Path after publication. */
  private readonly target: string;
  private published = false;

  constructor(key: ArtifactKey, path: string, target: string, written: Written) {
    this.key = key;
    this.path = path;
    this.target = target;
    this.bytes = written.bytes;
    this.sha256 = written.sha256;
  }

  /** Reads the draft. Publication may rename it at any time, also between this call and the first chunk. */
  async *open(range?: ByteRange, options?: ReadingOptions): AsyncGenerator<Uint8Array> {
    try {
      yield* readFile(this.path, range, options);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error; // only opening fails with it
      yield* readFile(this.target, range, options);
    }
  }

  /** Records that the temporary name is gone. The store calls it. */
  markPublished(): void {
    this.published = true;
  }

  async discard(): Promise<void> {
    if (!this.published) await rm(this.path, { force: true });
  }
}

/**
 * Publishes all drafts or none. An intent file in the root folder lists the names meanwhile. If the process
 * dies, takeBack finds the file and removes an incomplete publication.
 */
export async function publishAll(root: string, drafts: readonly LocalDraft[]): Promise<void> {
  for (const { key } of drafts) {
    if (await exists(join(root, key)))
      throw new BackupError('ARTIFACT_EXISTS', `${join(root, key)} is there already`);
  }
  const intent = join(root, intentName());
  await writeDurably(intent, textContent(JSON.stringify(drafts.map(({ key }) => key))));
  await flushFolder(root);
  const done: LocalDraft[] = [];
  try {
    for (const draft of drafts) {
      await rename(draft.path, join(root, draft.key));
      done.push(draft);
    }
    for (const folder of new Set(drafts.map(({ key }) => dirname(join(root, key)))))
      await flushFolder(folder);
  } catch (error) {
    const left = await takeAway(
      root,
      done.map(({ key }) => key),
    );
    const [first] = left;
    if (first === undefined) await rm(intent, { force: true }).catch(() => undefined);
    // The next clean-up uses the intent to remove an incomplete publication.
    if (first === undefined || left.length < drafts.length) throw error;
    throw new BackupError(
      'NOT_CONFIRMED',
      `the files of ${basename(first)} and its companions have their names, but the disk did not confirm that it keeps them: ${(error as Error).message}`,
      { cause: error, hint: 'Look at the disk; the next run tries again' },
    );
  } finally {
    for (const draft of done) draft.markPublished();
  }
  await rm(intent, { force: true }).catch(() => undefined); // the next clean-up removes it
}

/**
 * Removes published names, the last first, until the disk refuses.
 * @returns the names that are left
 */
async function takeAway(root: string, named: readonly ArtifactKey[]): Promise<readonly ArtifactKey[]> {
  const left = [...named];
  try {
    for (const key of named.toReversed()) {
      await rm(join(root, key), { force: true });
      left.pop();
    }
  } catch {
    // The original error is already being reported.
  }
  return left;
}

/**
 * Finishes the publication of a process that died. Keeps it if the last name was given; otherwise removes its
 * files.
 * @returns the removed names
 */
export async function takeBack(root: string, intent: string): Promise<readonly string[]> {
  const keys = await keysOf(join(root, intent));
  const last = keys.at(-1);
  const halved: ArtifactKey[] = [];
  if (last !== undefined && !(await exists(join(root, last)))) {
    for (const key of keys) if (await exists(join(root, key))) halved.unshift(key);
  }
  for (const key of halved) await rm(join(root, key), { force: true });
  await rm(join(root, intent), { force: true });
  return halved;
}

/** Returns the keys of an intent; none if it is incomplete, because then no draft was published yet. */
async function keysOf(path: string): Promise<readonly ArtifactKey[]> {
  try {
    const keys: unknown = JSON.parse(await readText(path, 'utf8'));
    return Array.isArray(keys) ? keys.flatMap(artifactIn) : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/** Returns the key if it can be an artifact of this store; a clean-up removes nothing else. */
function artifactIn(key: unknown): readonly ArtifactKey[] {
  const parsed = typeof key === 'string' ? parseKey(key) : undefined;
  return parsed === undefined ||
    nameOfKey(parsed) === undefined ||
    parsed.includes('\0') ||
    Buffer.byteLength(basename(parsed)) > LONGEST_NAME
    ? []
    : [parsed];
}

/** Returns whether a path exists. Throws if the disk returns an error: "no" would lose a set there. */
async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path); // a dangling link exists too
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}
